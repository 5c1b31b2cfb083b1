// A stranger without the key, who records what passes on the network and sends it again: later, to
// another process, to a later start of the same one (SEAL-2, SEAL-3).
//
// In a sealed cluster these are datagrams: what was recorded on one stream opens on no other. In
// one without a key it can also repeat what came by stream, on a stream of its own.
//
// It has random numbers of its own, so that a plan without it is the run that it was.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/random.hpp"
#include "sim/context.hpp"

namespace holdfast::sim {

class replayer {
public:
    replayer(context& shared, std::uint64_t seed);

    /// Everything that a process sends. True: it is kept back, and may come later.
    [[nodiscard]] bool records(packet& sent, message_kind kind);
    /// A `replay` event: one of the recorded packets comes again.
    void act();
    /// The first recorded one of this kind that came from that place comes again. False: there is
    /// none.
    [[nodiscard]] bool send_again(message_kind kind, std::uint32_t from, std::uint32_t to);
    /// Nothing is kept back any more.
    void heal() { is_healed_ = true; }

private:
    // of each kind: the first from each place are kept, and some of the later ones
    static constexpr std::size_t most_of_a_kind = 24;

    void post(const packet& recorded, std::uint32_t to);
    void plan_next();

    context& context_;
    base::random_source random_;
    std::map<message_kind, std::vector<packet>> recorded_;
    std::uint64_t last_number_ = 0;
    bool is_healed_ = false;
};

}  // namespace holdfast::sim
