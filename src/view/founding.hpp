// View 1: the same Paxos with the seats as acceptors (FOUND-1 to FOUND-8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"
#include "base/random.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "view/acceptor.hpp"
#include "view/environment.hpp"
#include "view/messages.hpp"
#include "view/outputs.hpp"

namespace holdfast::views {

/// View 1 as chosen. `seeds` are sorted.
[[nodiscard]] view first_view(const founding_value& value, const std::vector<endpoint>& seeds);
/// Distinct seats that exist, filled from their own addresses, and a quorum of them.
[[nodiscard]] bool is_sound(const founding_value& value, const std::vector<endpoint>& seeds);

/// FOUND-8: the seats where no member is heard, if our lease runs: a process that starts there may
/// have another list of seats, and we may be none of them.
[[nodiscard]] std::vector<endpoint> seats_to_knock_at(const view& installed,
                                                      const environment& surroundings);

/// The part of one seat in founding, as acceptor and as proposer, until it has installed a view.
class founding {
public:
    struct send {
        peer_id to;  ///< nil: any process at `at`
        endpoint at;
        founding_message what;
    };
    /// Chosen, and we are in it.
    struct founded_with_us {
        founding_value value;
    };
    /// FOUND-9: no founding can rise above the epochs that the seats named.
    struct epochs_end {
        epoch highest;
    };
    using output = std::variant<send, founded_with_us, epochs_end, problem>;

    /// What this peer is while a message is handled.
    struct standing {
        /// It has installed a view; it then only refuses (FOUND-6 speaks of installing, not of
        /// hearing).
        bool has_view = false;
        epoch highest{};
        base::duration lease_left{};  ///< zero: its lease does not run
    };

    founding(const base::settings& settings, const member& self, std::vector<endpoint> seeds,
             std::uint64_t seed, base::time_point now);

    void handle(const peer_id& from, const endpoint& at, const founding_message& what,
                const standing& ours, base::moment now);
    void tick(epoch highest, base::moment now);
    /// It would accept that, of a peer without a view.
    [[nodiscard]] bool can_accept(const found_accept& asked) const;
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }
    void invariants() const;

private:
    friend struct explore::state_access;

    struct preparing {
        ballot mine;
        std::map<peer_id, found_promise> promises;
        // a quorum is there; the others may still come
        std::optional<base::time_point> proposes_at;
    };
    struct accepting {
        ballot mine;
        founding_value value;
        std::set<peer_id> promised;  // FOUND-4: only these count
        std::set<peer_id> accepts;
    };
    struct idle {};

    /// Who sent a message, and what this peer is as it comes.
    struct occasion {
        const peer_id& from;
        const endpoint& at;
        const standing& ours;
        base::moment now;
    };
    void on(const occasion& when, const found_prepare& asked);
    void on(const occasion& when, const found_accept& asked);
    void on(const occasion& when, const found_promise& given);
    void on(const occasion& when, const found_accepted& given);
    void on(const occasion& when, const found_rejected& given);
    void on(const occasion& when, const founded& given);
    void on(const occasion& when, const knock& told);
    void refuse(const occasion& when, const ballot& asked, found_refusal why);
    [[nodiscard]] bool can_live(const founding_value& value, const preparing& phase) const;
    [[nodiscard]] static bool is_above_all(epoch wanted, const preparing& phase);
    [[nodiscard]] std::optional<founding_value> new_value(const preparing& phase);
    void prepare(base::time_point now);
    void propose();
    void retry_later(base::time_point now);
    void ask(const endpoint& seat, const ballot& mine);
    void wait_out(base::duration lease_left, base::time_point now);
    [[nodiscard]] bool is_barred(base::time_point now) const {
        return barred_until_ && now < *barred_until_;
    }
    [[nodiscard]] problem seeds_differ(const std::vector<endpoint>& theirs,
                                       const endpoint& at) const;
    [[nodiscard]] std::size_t quorum() const { return seeds_.size() / 2 + 1; }

    const base::settings& settings_;
    member self_;
    std::vector<endpoint> seeds_;
    std::optional<std::uint8_t> seat_;
    base::random_source random_;
    acceptor<accepted_founding> acceptor_;
    std::variant<idle, preparing, accepting> phase_;
    std::uint64_t highest_round_ = 0;
    epoch highest_told_;
    epoch replaced_;  // the highest of the values accepted here before the present one
    std::optional<base::time_point> next_try_;
    // FOUND-8: the lease of a member runs until then
    std::optional<base::time_point> barred_until_;
    std::vector<endpoint> seats_of_other_;  // of a cluster with another list; they are asked too
    base::outbox<output> out_;
};

}  // namespace holdfast::views
