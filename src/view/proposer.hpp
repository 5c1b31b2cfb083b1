// A voter that tries to have its change chosen as view n+1 (docs/protocol.md): batch, ask for
// second opinions, phase 1, phase 2. One per installed view; it says what to send and, at the end,
// what was decided.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"
#include "base/random.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "view/environment.hpp"
#include "view/membership_hints.hpp"
#include "view/messages.hpp"

namespace holdfast::views {

/// VIEW-1: the next epoch, from the wall clocks the voters told.
[[nodiscard]] epoch next_epoch(epoch last, std::vector<std::int64_t> walls, std::size_t quorum);

/// LEASE-4: what the lease of a removed peer may still have, from how long each accepting voter has
/// not acked it.
[[nodiscard]] base::duration remaining_lease(base::duration full_lease,
                                             const std::vector<base::duration>& silences);

class proposer {
public:
    struct send {
        peer_id to;
        ballot_message what;
    };
    struct decided {
        step what;
    };
    using output = std::variant<send, decided>;

    proposer(const base::settings& settings, const peer_id& self, const environment& environment,
             std::uint64_t seed)
        : settings_{settings}, self_{self}, environment_{environment}, random_{seed} {}

    /// Starts over at a new view. `map` is that view's.
    void installed(std::shared_ptr<const view> current, base::shared_slot_map map,
                   base::time_point now);
    /// There may be something to propose.
    void maybe_propose(const membership_hints& hints, base::time_point now);
    /// This voter accepted its first value for this number: what went wrong until now says nothing
    /// about its decision (FINISH).
    void reset_backoff();
    /// It heard of no decision in time: finish it.
    void recover(base::time_point now);

    void handle(const peer_id& from, const opinion& given, base::time_point now);
    void handle(const peer_id& from, const promise& given, const membership_hints& hints,
                base::time_point now);
    void handle(const peer_id& from, const accepted& given, const membership_hints& hints,
                base::time_point now);
    void handle(const peer_id& from, const rejected& given, base::time_point now);
    void tick(const membership_hints& hints, base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }
    /// The view it proposes a successor of.
    [[nodiscard]] const std::shared_ptr<const view>& current() const { return current_; }
    [[nodiscard]] std::uint64_t ballots_started() const { return ballots_started_; }
    /// How long this voter lets others go first.
    [[nodiscard]] base::duration ballot_timeout();
    void invariants() const;

private:
    friend struct explore::state_access;

    struct idle {};
    struct batching {
        base::time_point until;
        std::set<peer_id> asked;  ///< about whose removal
        /// CERT-3: it ends then, for a quorum consents to all removals that are certain here.
        std::optional<base::time_point> early;
        bool is_second = false;  ///< the one before ended without the consents
    };
    struct preparing {
        ballot mine;
        std::map<peer_id, promise> promises;
        base::time_point until;
    };
    struct accepting {
        ballot mine;
        change value;
        std::map<peer_id, std::vector<silence>> accepts;
        base::time_point until;
    };

    /// Of the ballot that voters are asked about.
    [[nodiscard]] std::optional<base::time_point> answers_until() const;
    /// It makes a view out of the current one, the one its checksum is of.
    [[nodiscard]] bool follows(const change& value) const;
    /// The value to propose when phase 1 is done; nothing: there is none.
    [[nodiscard]] std::optional<change> choose_value(const preparing& phase,
                                                     const membership_hints& hints,
                                                     base::time_point now) const;
    /// What was chosen, with the leases that removed peers may still have (LEASE-4).
    [[nodiscard]] step step_of(accepting phase, const membership_hints& hints) const;
    void check_leases(const step& done, const accepting& phase,
                      const membership_hints& hints) const;
    void batch(const membership_hints& hints, base::time_point now, bool is_second = false);
    /// What is certain by now is asked about, and may end the batch early (CERT-3).
    void note_certain(const membership_hints& hints, base::time_point now);
    void ask_about(const std::vector<peer_id>& removals, const std::vector<peer_id>& to_settle,
                   const membership_hints& hints, base::time_point now);
    [[nodiscard]] bool has_unasked(const membership_hints& hints, base::time_point now) const;
    /// How much later than the first in rank this voter proposes.
    [[nodiscard]] base::duration stagger(const membership_hints& hints) const;
    void prepare(base::time_point now);
    void back_off(base::time_point now);
    void broadcast(const ballot_message& what);
    [[nodiscard]] std::size_t quorum() const;
    /// Voters with more than half of the seats, vacant ones counted, gave these answers.
    template <class Answers>
    [[nodiscard]] bool is_majority(const Answers& by_voter) const;
    [[nodiscard]] std::set<peer_id> agreed_removals(const membership_hints& hints,
                                                    base::time_point now) const;
    [[nodiscard]] bool wants_to_settle(const membership_hints& hints, base::time_point now) const;
    [[nodiscard]] std::set<peer_id> agreed_to_settle() const;

    const base::settings& settings_;
    peer_id self_;
    const environment& environment_;
    base::random_source random_;
    std::shared_ptr<const view> current_;
    base::shared_slot_map map_;
    base::time_point installed_at_{};
    std::variant<idle, batching, preparing, accepting> phase_;
    // for a removal: the voters that do not object
    std::map<peer_id, std::set<peer_id>> consents_;
    // OWN-11: for a member on probation, the voters that saw it renew for long enough
    std::map<peer_id, std::set<peer_id>> seen_by_;
    std::optional<base::time_point> settles_not_before_;
    std::uint64_t highest_round_ = 0;
    unsigned tries_ = 0;
    std::optional<base::time_point> not_before_;
    std::uint64_t ballots_started_ = 0;
    base::outbox<output> out_;
};

}  // namespace holdfast::views
