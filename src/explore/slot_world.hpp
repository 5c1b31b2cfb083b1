// The small world of one slot: two members that own it one after the other, and two that ask for a
// lock in it.
//
// The views are given by the world. Each member installs them one by one, at any time. A message
// may be received at any time, any number of times, or never. Bounded are the requests of each
// holder, the grants of one owner in one view, and the reports of one member.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/pace.hpp"
#include "base/settings.hpp"
#include "explore/message_world.hpp"
#include "explore/state_access.hpp"
#include "explore/transition_cache.hpp"
#include "lock/holder.hpp"
#include "lock/owner.hpp"
#include "lock/roll_calls.hpp"
#include "wire/codec.hpp"

namespace holdfast::explore {

struct slot_options {
    /// The owner of the slot in view 1, 2, ...: 0 or 1.
    std::vector<std::size_t> owners{0, 1};
    /// View 2 removes the first owner, which may go on for as long as its lease lasts. A crash is
    /// one that does nothing from some moment on.
    bool is_removed = false;
    std::array<std::uint64_t, 2> asks{1, 1};  ///< how often each of the two asks for the lock
    std::uint32_t grants = 3;                 ///< of one owner in one view
    std::uint64_t reports = 1;                ///< of one member
    /// A voter, the first of the two that ask, collects what members say unasked (OWN-12).
    bool has_voter = false;
};

class slot_world final : public message_world {
public:
    explicit slot_world(const slot_options& options);

    [[nodiscard]] words first() override;
    [[nodiscard]] std::string objection(state at) override;
    /// There are no ends here: an old grant may be given back again and again. So from each state a
    /// fair run is made.
    [[nodiscard]] std::string objection_at_end(state) override { return {}; }
    [[nodiscard]] std::string describe(state from, move what) override;

private:
    static constexpr std::size_t members = 4;  // two owners, then two holders

    struct machine {
        std::size_t place;
        lock::owner owner;
        lock::holder holder;
        lock::roll_calls calls;
        std::uint64_t installed = 0;  // views
        std::uint64_t asked = 0;
        bool is_over = false;
        fingerprint sum{};
        [[nodiscard]] friend fingerprint fingerprint_of(const machine& m) { return m.sum; }
    };
    struct sent_message {
        wire::packet what;
        [[nodiscard]] friend fingerprint fingerprint_of(const sent_message& l) {
            digest out;
            out.add(l.what.envelope.from);
            out.add(l.what.envelope.to);
            out.add(l.what.what);
            return out.result();
        }
    };
    using stage = transition_cache<machine, sent_message>;

    [[nodiscard]] effect happen(std::uint32_t machine_number, std::uint32_t event) override;
    [[nodiscard]] std::optional<std::size_t> receiver_of(std::uint32_t l) const override;
    [[nodiscard]] std::vector<std::uint32_t> own_events(state at, std::size_t place) const override;
    [[nodiscard]] bool is_within_bounds(std::uint32_t machine_number) const override;
    void note(words& at, std::size_t place, std::uint32_t before,
              std::uint32_t event) const override;

    [[nodiscard]] std::string fair_run(state from);
    void install(machine& m, base::time_point at) const;
    static void hear(machine& m, const peer_id& from, const lock::message& what);
    void act(machine& m, std::uint32_t event) const;
    [[nodiscard]] stage::reaction settle(machine m);

    slot_options options_;
    base::settings settings_;
    base::pace pace_{settings_, 1};         // the times of repeats are chosen here
    std::vector<lock::view_change> steps_;  // to view 1, 2, ...
    stage transitions_;
};

}  // namespace holdfast::explore
