// Which owner a message of this holder goes to, and what is repeated to owners until they answer:
// releases, cancels and watches (HOLD-3, NET-2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"
#include "base/pace.hpp"
#include "base/settings.hpp"
#include "base/slot_map.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/holder_output.hpp"
#include "lock/local_holds.hpp"
#include "lock/messages.hpp"
#include "lock/subscriptions.hpp"
#include "lock/until_acked.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

class owner_link {
public:
    owner_link(const base::settings& settings, base::pace& pace, slot_function slot_of)
        : settings_{settings}, pace_{pace}, slot_of_{std::move(slot_of)} {}

    /// Slot 0 as long as there is no view.
    [[nodiscard]] const slot_function& slots_of() const { return slot_of_; }
    [[nodiscard]] slot slot_of(std::string_view name) const {
        return map_ ? slot_of_(name) : slot{};
    }
    /// Nil: the slot has no owner, or there is no view.
    [[nodiscard]] peer_id owner_of(slot s) const { return map_ ? map_->owner_of(s) : peer_id{}; }
    void install(const view_change& s);
    /// Whether its owner is another one since the last install.
    [[nodiscard]] bool has_moved(slot s) const {
        return !map_before_ || map_before_->owner_of(s) != map_->owner_of(s);
    }
    /// LOAD-4: what `owner` has not answered is sent again at once.
    void stream_lost(const peer_id& owner, base::time_point now);
    /// To the new owners of slots that have moved.
    void send_to_new_owners(base::time_point now, holder_outbox& out);

    /// `is_lazy`: it may be sent late, and need not be sent again if it has been.
    void start_release(release what, bool is_lazy, base::time_point now, holder_outbox& out);
    void start_cancel(slot at, cancel what, base::time_point now, holder_outbox& out);
    [[nodiscard]] bool is_releasing(const hold_key& key) const { return releases_.has(key); }
    void acked(const peer_id& from, const released& said, base::time_point now) {
        if (const auto tries = releases_.acked({said.name, said.token})) {
            tries->answered(pace_, from, now);
        }
    }
    void acked(const cancelled& said) { (void)cancels_.acked(said.number); }
    [[nodiscard]] bool has_released_all() const { return releases_.is_empty(); }

    void watch_lock(std::string_view name, base::time_point now, holder_outbox& out);
    void unwatch_lock(std::string_view name, holder_outbox& out);
    void heard(const peer_id& from, const lock_state& told, holder_outbox& out);
    void refused(const peer_id& from, const watch_refused& said, base::time_point now,
                 holder_outbox& out);

    void tick(base::time_point now, holder_outbox& out);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    /// Everything ends unanswered.
    void clear();

    void invariants() const;

private:
    friend struct explore::state_access;

    template <class Item>
    void send_one(Item& one, bool is_lazy, base::time_point now, holder_outbox& out);

    const base::settings& settings_;
    base::pace& pace_;
    slot_function slot_of_;
    view_number installed_;
    base::shared_slot_map map_;
    base::shared_slot_map map_before_;  // null: the view is the first
    until_acked<hold_key, release> releases_;
    until_acked<request_number, cancel> cancels_;
    subscriptions subscriptions_;
};

}  // namespace holdfast::lock
