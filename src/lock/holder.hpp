// The holder's side: what this peer asked for, holds, has given up, and promised (HOLD-1 to HOLD-6,
// BREAK-1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/insight.hpp"
#include "base/outbox.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"
#include "lock/outputs.hpp"
#include "lock/slots.hpp"
#include "lock/wish.hpp"

namespace holdfast::lock {

class holder {
public:
    using output = std::variant<send, was_granted, has_failed, was_lost, was_stuck, was_asked_back,
                                state_changed>;

    struct counters {
        std::uint64_t taken = 0;
        std::uint64_t lost = 0;
        std::uint64_t given_back = 0;
    };

    holder(const base::settings& settings, const peer_id& self, slot_function slot_of)
        : settings_{settings}, self_{self}, slot_of_{std::move(slot_of)} {}

    [[nodiscard]] request_number acquire(std::string_view name, wish wanted, base::time_point now);
    void cancel(request_number number, base::time_point now);
    void release(std::string_view name, holdfast::token token, parting last_words,
                 base::time_point now);
    /// Of a hold whose progress is watched.
    void progress(std::string_view name, holdfast::token token, base::time_point now);
    void watch_lock(std::string_view name, base::time_point now);
    void unwatch_lock(std::string_view name, base::time_point now);

    void install(const step& s, base::time_point now);
    /// LEASE-5: told before anything else is handled. When the lease has run out, every hold is
    /// lost for good.
    void set_leased(bool is_leased, base::time_point now);
    void handle(const peer_id& from, const to_holder& what, base::time_point now);
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }

    /// Everything ends: holds are lost for this reason, requests fail with the other.
    void end(errc holds, errc requests);
    /// LEAVE-1: no new requests; gives up every hold.
    void leave(base::time_point now);
    [[nodiscard]] bool has_released_all() const { return held_.empty() && releases_.empty(); }
    [[nodiscard]] bool has(std::string_view name, holdfast::token token) const;
    [[nodiscard]] std::size_t requests() const { return requests_.size(); }
    [[nodiscard]] const counters& counted() const { return counters_; }

private:
    friend struct explore::insight;

    struct pending {
        // the number the caller knows; the key is the one the owner knows
        request_number caller;
        std::string name;
        holdfast::slot at;
        wish wanted;
        bool was_asked = false;
        std::optional<base::time_point> next_send;  // none: waiting for a lease
        unsigned attempt = 0;
        std::optional<base::time_point> due;  // as noted in due_
    };
    /// Tokens are unique for one lock only: two owners of one view both begin at 1.
    using hold_key = std::pair<std::string, holdfast::token>;
    struct held_lock {
        holdfast::slot at;
        request_number number;
        std::string note;
        lock_mode mode;
        break_policy policy;
        std::chrono::milliseconds delay{};
        bool others_wait = false;
        bool is_unclean = false;  // FATE: so was it when it came here
        // whose demands its program was told of
        std::vector<std::pair<peer_id, std::uint64_t>> asked_by;
        std::optional<base::time_point> ends;  // wish::max_hold
        // wish::progress_every; none: it is, and was told
        std::optional<base::time_point> stuck_from;
        base::duration progress_every{};
        stuck_action when_stuck{};
    };
    using cancel_key = std::pair<request_number, std::string>;
    /// A cancel or a release, until a serving owner answers it.
    struct repeated {
        holdfast::slot at;
        base::time_point next_send{};
        unsigned attempt = 0;
    };
    struct releasing : repeated {
        lock::release what;
    };
    struct watching {
        holdfast::slot at;
        std::uint64_t number = 0;
        // of the last move of the slot; what owners of earlier views tell is no answer
        view_number registered_in;
        view_number in;
        std::uint64_t serial = 0;
        std::optional<base::time_point> next_send;
        unsigned attempt = 0;
    };
    using requests_map = std::map<request_number, pending>;

    void on(const peer_id& from, const queued& said, base::time_point now);
    void on(const peer_id& from, const denied& said, base::time_point now);
    void on(const peer_id& from, const grant& given, base::time_point now);
    void on(const peer_id& from, const released& said, base::time_point now);
    void on(const peer_id& from, const cancelled& said, base::time_point now);
    void on(const peer_id& from, const still_held& asked, base::time_point now);
    void on(const peer_id& from, const gather& asked, base::time_point now);
    void on(const peer_id& from, const break_hold& asked, base::time_point now);
    void on(const peer_id& from, const ask_back& asked, base::time_point now);
    void on(const peer_id& from, const lock_state& told, base::time_point now);
    void ask(request_number number, pending& p, base::time_point now);
    void look_after_holds(base::time_point now);
    void break_own(std::map<hold_key, held_lock>::iterator at, const std::string& why,
                   base::time_point now);
    void give_up(const std::string& name, holdfast::token token, ending how, base::time_point now) {
        give_up({name, token, how, false, false, {}}, false, now);
    }
    void give_up(lock::release what, bool is_lazy, base::time_point now);
    void send_release(releasing& r, bool is_lazy, base::time_point now);
    void send_cancel(const cancel_key& key, repeated& r, base::time_point now);
    void send_watch(const std::string& name, watching& w, base::time_point now);
    void fail(requests_map::iterator at, errc why, base::time_point now,
              std::optional<standing> stands = {});
    pending take_out(requests_map::iterator at);
    /// Notes when the request is next due; after each change of `until` or `next_send`.
    void plan(request_number number, pending& p);
    [[nodiscard]] errc why_nothing() const;
    [[nodiscard]] peer_id owner_of(slot s) const { return map_ ? map_->owner_of(s) : peer_id{}; }

    const base::settings& settings_;
    peer_id self_;
    slot_function slot_of_;

    std::shared_ptr<const view> view_;
    base::shared_slot_map map_;
    bool is_leased_ = false;
    bool is_leaving_ = false;
    std::uint64_t last_number_ = 0;
    std::uint64_t last_report_ = 0;
    std::uint64_t last_watch_ = 0;
    requests_map requests_;
    // there may be many requests, and each is asked again once per A
    std::set<std::pair<base::time_point, request_number>> due_;
    std::map<hold_key, held_lock> held_;
    std::map<hold_key, releasing> releases_;
    std::map<cancel_key, repeated> cancels_;
    // not later than the first release, cancel or watch is due
    std::optional<base::time_point> next_repeat_;
    // not later than the first hold that ends, or is stuck
    std::optional<base::time_point> next_look_;
    std::map<slot, epoch> promises_;
    std::map<std::string, watching, std::less<>> watches_;
    counters counters_;
    base::outbox<output> out_;
};

}  // namespace holdfast::lock
