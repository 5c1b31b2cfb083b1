// What gossip believes, right now, here.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/random.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "swim/messages.hpp"
#include "swim/suspicion.hpp"

namespace holdfast::swim {

struct known_peer {
    rumour told;                         ///< the newest believed of it
    base::time_point changed;            ///< when its condition changed last
    std::optional<suspicion> suspected;  ///< while it is a suspect
    /// dead or left when we first heard of it, and ever since
    bool is_hearsay = false;

    [[nodiscard]] bool is_probed() const {
        return told.state == condition::alive || told.state == condition::suspect;
    }
};

/// LOAD-6: whom a peer monitors, that is probes and tells rumours.
enum class role {
    voter,     ///< all, for who waits to be let in has no other
    member,    ///< the members
    outsider,  ///< one without a lease: the members, and the seats
};

class roster {
public:
    /// `renewed`: a later incarnation says what was believed already.
    enum class effect { none, confirmed, renewed, changed, added };

    explicit roster(const base::settings& settings) : settings_{settings} {}

    void become(role what) { role_ = what; }
    [[nodiscard]] role what() const { return role_; }
    /// Members are so whatever is believed of them.
    void add_member(const peer_id& id) { members_.insert(id); }
    void remove_member(const peer_id& id) { members_.erase(id); }
    [[nodiscard]] bool is_monitored(const known_peer& k) const;

    /// SWIM section 4.2: a later incarnation wins; of one incarnation the worse news.
    effect apply(const rumour& told, base::time_point now);
    [[nodiscard]] const known_peer* find(const peer_id& id) const;
    [[nodiscard]] const std::map<peer_id, known_peer>& all() const { return peers_; }
    [[nodiscard]] std::vector<peer_id> those_that_are(condition state) const;
    /// Of those that are monitored.
    [[nodiscard]] std::vector<peer_id> some_alive(std::size_t count, const peer_id& but,
                                                  base::random_source& random) const;
    /// One of those at the seats, or else of all that are monitored.
    [[nodiscard]] std::optional<peer_id> alive_seat_or_other(base::random_source& random) const;
    /// Without the dead we never knew alive: each peer that heard of them keeps them for the whole
    /// of forget_dead_after. If all told on what they heard, some peer would always have heard of
    /// them late, and none could ever forget them.
    [[nodiscard]] std::vector<rumour> told_first_hand() const;
    /// Suspects whose time is over.
    [[nodiscard]] std::vector<rumour> overdue(base::time_point now) const;
    [[nodiscard]] std::optional<base::time_point> next_overdue() const { return next_overdue_; }
    /// Ourselves counted.
    [[nodiscard]] std::size_t alive() const { return 1 + probed_at_.size(); }
    [[nodiscard]] bool has_alive_at(const endpoint& address) const;
    /// That are probed, and say that they live there; without `but`.
    [[nodiscard]] std::vector<rumour> others_at(const endpoint& address, const peer_id& but) const;
    void forget_old(base::time_point now);
    void invariants() const;

private:
    template <class Visit>
    void for_each_at(const endpoint& address, Visit visit) const;
    [[nodiscard]] bool is_at_seat(const known_peer& k) const;
    void note_next_overdue();

    const base::settings& settings_;
    std::map<peer_id, known_peer> peers_;
    // Of these, so that no packet costs a walk: those that are probed, by address; the suspects.
    std::set<std::pair<endpoint, peer_id>> probed_at_;
    std::set<peer_id> suspects_;
    std::set<peer_id> members_;
    role role_ = role::voter;
    // asked for after every step, and changed by few
    std::optional<base::time_point> next_overdue_;
};

}  // namespace holdfast::swim
