// What the processes of a simulated cluster share: the plan, chance, the network, who is told what
// happens, and who runs where.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "node/node.hpp"
#include "sim/event_queue.hpp"
#include "sim/interceptor.hpp"
#include "sim/judge.hpp"
#include "sim/network.hpp"
#include "sim/run_plan.hpp"
#include "sim/trace.hpp"
#include "sim/trouble.hpp"

namespace holdfast::sim {

class replayer;

/// What an application is told when the event is over.
struct app_event {
    enum class what : std::uint8_t {
        started,
        ended,
        resumed,
        granted,
        failed,
        lost,
        release_request
    } kind{};
    std::uint32_t place = 0;
    request_number number;
    judge::lock lock = 0;
    token held;
    bool is_clean = true;
};

/// What runs at a place, or ran there last.
struct occupant {
    std::unique_ptr<node::node> node;  ///< null: nothing runs there
    std::string name;                  ///< p3, p3.2
    peer_id id;
    judge::run run = 0;
    std::uint32_t starts = 0;  ///< of processes at this place
    std::optional<instant> paused_until;
    std::optional<base::right_time> lease_end;  ///< as last asked
    std::optional<instant> lease_ends;          ///< the same in true time
    std::set<peer_id> watched;                  ///< whose process it watches (CERT-3)
    std::set<peer_id> proven;                   ///< by a stream to this run (SEAL-2)
    std::shared_ptr<const view> proven_under;   ///< those that it removed are not among them
    std::set<std::uint64_t> recorded_seen;      ///< packets of the replayer's that it has had
};

struct context {
    struct counters {
        std::uint64_t steps = 0;
        std::uint64_t views_installed = 0;
        std::uint64_t ids_ended = 0;  ///< of members that had to go
        std::uint64_t holds_lost = 0;
        std::uint64_t slots_gathered = 0;
        std::uint64_t tables_received = 0;
        std::uint64_t lock_messages = 0;  ///< also relayed ones
        /// let in from a stranger by a sealed cluster: none that was recorded had come before
        std::uint64_t late_lock_messages = 0;
        trouble_counts troubles{};
    };

    context(const run_plan& from, std::uint64_t seed, judge& watching, sim::trace& told,
            event_queue& in);

    /// A line in the trace about what runs at `place`.
    void say(std::uint32_t place, std::string_view text) const;
    /// A node did what its own invariants forbid.
    void broken(std::uint32_t place, std::string_view what) const;
    [[nodiscard]] judge::lock lock_of(std::string_view name) const;
    [[nodiscard]] std::optional<std::uint32_t> place_at(const endpoint& address) const;
    /// Of the receiver of a message. `address` nil: it has dialled the stream.
    [[nodiscard]] std::optional<std::uint32_t> place_of(const peer_id& to,
                                                        const endpoint& address) const;
    [[nodiscard]] peer_id draw_id();
    void count(trouble t) { ++counted.troubles[static_cast<std::size_t>(t)]; }
    [[nodiscard]] bool is_mutant(mutant which) const { return plan.asked.mutant == which; }

    const run_plan& plan;
    base::random_source random;
    judge& judged_by;
    sim::trace& trace;
    event_queue& events;
    network net;
    // PeerIds are drawn from a source of their own: then they do not depend on how many messages
    // were sent before, and scenarios keep their owners
    base::random_source identity_random;
    interceptor* intercepts = nullptr;
    replayer* replays = nullptr;
    observer* observes = nullptr;
    std::vector<occupant> places;
    std::vector<std::uint32_t> place_of_run{0};
    std::vector<peer_id> id_of_run{{}};
    std::map<peer_id, std::uint32_t> place_of_id;
    std::vector<app_event> app_events;
    counters counted;
};

[[nodiscard]] std::vector<endpoint> addresses_of(const std::vector<std::uint32_t>& places);

}  // namespace holdfast::sim
