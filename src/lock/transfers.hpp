// Tables on their way from owner to owner (OWN-3, OWN-8).
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/pace.hpp"
#include "base/retry.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/former_holds.hpp"
#include "lock/messages.hpp"
#include "lock/owner_output.hpp"
#include "lock/tenure.hpp"

namespace holdfast::lock {

/// What the owner before gives to the next one.
[[nodiscard]] slot_table table_of(slot s, const tenure& t, std::vector<delay> delays,
                                  const former_holds& former);

class transfers {
public:
    /// A tenure that ended while it waited: where its table comes from, and goes to.
    struct in_transit {
        peer_id from;
        view_number lost;
        peer_id to;
    };
    /// Tables, or the news that there are none, on their way to the owner in view `to_view`, until
    /// acked.
    struct table_transfer {
        view_number to_view;
        peer_id to;
        std::map<slot, slot_table> tables{};
        std::map<slot, bool> none{};  // and whether the slot is unused
        base::retry again{};
    };

    explicit transfers(base::pace& pace) : pace_{pace} {}

    /// What was on its way to or from a peer that is a member no more.
    void install(const view& v, base::time_point now);
    void give(view_number to_view, const peer_id& to, slot s, slot_table what,
              base::time_point now);
    void give_none(view_number to_view, const peer_id& to, slot s, bool is_unused,
                   base::time_point now);
    /// Its table will be forwarded when it comes.
    void expect(slot s, view_number gained, const in_transit& what);
    /// The table that view `to_view` promised us is here; it goes on if another one owns the slot
    /// since.
    void forward(const peer_id& from, view_number to_view, const slot_table& what,
                 base::time_point now);
    void forward_none(const peer_id& from, view_number to_view, slot s, bool is_unused,
                      base::time_point now);
    void acked(const peer_id& from, const table_ack& what);
    void send_due(base::time_point now, owner_outbox& out);
    /// LOAD-4: what `peer` has not acked is due now.
    void make_due(const peer_id& peer, base::time_point now);

    [[nodiscard]] bool is_empty() const { return under_way_.empty() && expected_.empty(); }
    [[nodiscard]] std::optional<base::time_point> deadline() const;

    void invariants(const peer_id& self, view_number newest) const;

private:
    friend struct explore::state_access;

    [[nodiscard]] table_transfer& transfer_to(view_number to_view, const peer_id& to,
                                              base::time_point now);
    void send_one(table_transfer& p, base::time_point now, owner_outbox& out) const;

    base::pace& pace_;
    // by the view in which we gained the slot
    std::map<std::pair<slot, view_number>, in_transit> expected_;
    std::vector<table_transfer> under_way_;
};

}  // namespace holdfast::lock
