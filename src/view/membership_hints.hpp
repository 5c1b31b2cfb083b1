// What this voter wants the next view to change: joins, removals, leaves, seats to fill, a new
// epoch.
//
// Everything here is a guess of one voter. It binds no acceptor: acceptors check only what follows
// from the view.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "view/environment.hpp"
#include "view/messages.hpp"
#include "view/probation.hpp"

namespace holdfast::views {

class membership_hints {
public:
    membership_hints(const base::settings& settings, const environment& environment)
        : settings_{settings}, environment_{environment}, probation_{settings} {}

    void asks_to_join(const join& asked, base::time_point now);
    /// Another voter was asked (HEARSAY).
    void hears_of(const member& joiner, base::time_point now);
    /// Who asked this voter itself, lately.
    [[nodiscard]] std::vector<member> asked_here(base::time_point now) const;
    void asks_to_leave(const peer_id& peer) { leaving_.insert(peer); }
    /// It has left (LEAVE-1).
    void has_left(const peer_id& peer) {
        lease_ended(peer);
        probation_.departs(peer);
    }
    /// It ended its lease itself: by its own word (LEAVE-1), or by its successor's (LEASE-4).
    void lease_ended(const peer_id& peer) { stopped_.insert(peer); }
    /// A member of its machine finds no such process (CERT-1).
    void certify(const peer_id& peer) { certified_.insert(peer); }
    void set_suspected(const peer_id& peer, bool is_gone);
    /// VIEW-8: an operator evicts it, and the request is repeated as long as it stands. It says
    /// nothing about the lease of the member, which may still run.
    void evict(const peer_id& peer, base::time_point now);
    void wants_new_epoch(view_number at) { new_epoch_at_ = at; }
    void installed(const view& now_installed, const view* before, base::time_point now);

    /// Whom this voter would remove, were it alone (VIEW-2 asks the others next).
    [[nodiscard]] std::vector<peer_id> removals(const view& current, const peer_id& self,
                                                base::time_point now) const;
    /// VIEW-2: this voter's own opinion of a removal.
    [[nodiscard]] bool objects_to_removal(const view& current, const peer_id& peer,
                                          base::time_point now) const;
    /// OWN-11: members that are on probation and that this voter has seen renew for long enough.
    [[nodiscard]] std::vector<peer_id> to_settle(const view& current, base::time_point now) const;
    [[nodiscard]] bool may_settle(const view& current, const peer_id& peer,
                                  base::time_point now) const;
    [[nodiscard]] bool is_stopped(const peer_id& peer) const { return stopped_.contains(peer); }
    /// CERT-3: it is certified, and this voter knows itself that its stream has ended.
    [[nodiscard]] bool is_certain(const peer_id& peer) const;
    /// The other members of which it is.
    [[nodiscard]] std::vector<peer_id> certain(const view& current, const peer_id& self) const;
    /// Anything that could go into the next view, removals taken for granted.
    [[nodiscard]] bool has_any(const view& current, const peer_id& self,
                               base::time_point now) const;
    /// The next change, with those of `agreed_removals` that VIEW-6 allows, and with those of
    /// `agreed_to_settle` that stay; nothing when there is nothing to change. Epoch and checksum
    /// are left to the proposer.
    [[nodiscard]] std::optional<change> draft(const view& current,
                                              const std::set<peer_id>& agreed_removals,
                                              base::time_point now,
                                              const std::set<peer_id>& agreed_to_settle = {}) const;

    void invariants() const;

private:
    friend struct explore::state_access;

    struct joiner {
        member who;
        std::optional<base::time_point> asked;  ///< us
        std::optional<base::time_point> told;   ///< of it, by another voter
    };
    /// It could be added, and there is room for it: strangers may ask under any number of PeerIds.
    [[nodiscard]] bool may_remember(const member& who, base::time_point now);
    [[nodiscard]] bool is_fresh(const std::optional<base::time_point>& heard,
                                base::time_point now) const {
        return heard && now - *heard < settings_.lease;
    }
    [[nodiscard]] bool is_fresh(const joiner& j, base::time_point now) const {
        return is_fresh(j.asked, now) || is_fresh(j.told, now);
    }
    /// It asked us, and we saw it on both ways (JOIN-2).
    [[nodiscard]] bool may_name(const joiner& j, base::time_point now) const;
    [[nodiscard]] bool is_evicted(const peer_id& peer, base::time_point now) const {
        const auto at = evictions_.find(peer);
        return at != evictions_.end() && now - at->second < settings_.lease;
    }
    [[nodiscard]] bool is_replaced(const member& m) const;
    /// It should go, whatever its renewals say.
    [[nodiscard]] bool is_unwanted(const member& m, base::time_point now) const;
    [[nodiscard]] bool may_refill(std::size_t seat, base::time_point now) const;

    // What a draft is made of.
    [[nodiscard]] std::vector<member> additions(const view& current, base::time_point now) const;
    /// The peer that would fill `seat`; nil: there is none. `so_far` has its additions.
    [[nodiscard]] peer_id filler_of(std::size_t seat, const view& current, const change& so_far,
                                    const std::set<peer_id>& agreed_removals,
                                    base::time_point now) const;
    /// The peer in each seat, before any is removed.
    [[nodiscard]] std::vector<peer_id> fill_seats(const view& current, const change& so_far,
                                                  const std::set<peer_id>& agreed_removals,
                                                  base::time_point now) const;
    /// Moves agreed removals into `out` one by one, as long as VIEW-6 lets them; a seat that
    /// loses its member in `filled` gets another if there is one.
    void take_removals(const view& current, const std::set<peer_id>& agreed_removals,
                       base::time_point now, change& out, std::vector<peer_id>& filled) const;

    const base::settings& settings_;
    const environment& environment_;
    std::map<peer_id, joiner> joiners_;
    std::set<peer_id> leaving_;
    std::set<peer_id> stopped_;
    std::set<peer_id> certified_;
    std::set<peer_id> gone_;
    std::map<peer_id, base::time_point> evictions_;  // and when that was last said
    std::optional<view_number> new_epoch_at_;
    // when a seat was last filled, as we saw it (SEAT-3)
    std::map<std::size_t, base::time_point> refilled_;
    probation probation_;
};

}  // namespace holdfast::views
