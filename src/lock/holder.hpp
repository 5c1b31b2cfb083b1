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

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/pace.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/acquire_params.hpp"
#include "lock/holder_output.hpp"
#include "lock/kept_delays.hpp"
#include "lock/local_holds.hpp"
#include "lock/messages.hpp"
#include "lock/owner_link.hpp"
#include "lock/pending_requests.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

class holder {
public:
    using output = holder_output;

    struct counters {
        std::uint64_t taken = 0;
        std::uint64_t lost = 0;
        std::uint64_t declined = 0;
        std::uint64_t asked = 0;     // requests of callers
        std::uint64_t answered = 0;  // of these
        std::uint64_t ended = 0;     // of those taken
    };

    holder(const base::settings& settings, base::pace& pace, const peer_id& self,
           slot_function slot_of)
        : settings_{settings},
          pace_{pace},
          self_{self},
          link_{settings, pace, std::move(slot_of)} {}

    [[nodiscard]] request_number acquire(std::string_view name, acquire_params wanted,
                                         base::time_point now);
    void cancel(request_number number, base::time_point now);
    void release(std::string_view name, holdfast::token token, release_params last_words,
                 base::time_point now);
    /// Of a hold whose progress is watched.
    void progress(std::string_view name, holdfast::token token, base::time_point now);
    void watch_lock(std::string_view name, base::time_point now);
    void unwatch_lock(std::string_view name, base::time_point now);

    void install(const view_change& s, base::time_point now);
    /// LEASE-5: told before anything else is handled. When the lease has run out, every hold is
    /// lost for good.
    void set_leased(bool is_leased, base::time_point now);
    void handle(const peer_id& from, const to_holder& what, base::time_point now);
    /// LOAD-4: the stream to that owner was lost, perhaps with what was sent on it.
    void stream_lost(const peer_id& owner, base::time_point now);
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }

    /// Everything ends: holds are lost for this reason, requests fail with the other.
    void end(errc holds, errc requests);
    /// LEAVE-1: no new requests; gives up every hold.
    void leave(base::time_point now);
    [[nodiscard]] bool has_released_all() const {
        return held_.is_empty() && link_.has_released_all();
    }
    [[nodiscard]] bool has(std::string_view name, holdfast::token token) const;
    [[nodiscard]] std::size_t requests() const { return requests_.size(); }
    [[nodiscard]] const counters& counted() const { return counters_; }

    void invariants() const;

private:
    friend struct explore::state_access;

    using request_iterator = pending_requests::iterator;
    static constexpr std::size_t most_reported = 4096;

    void on(const peer_id& from, const queued& said, base::time_point now);
    void on(const peer_id& from, const still_queued& said, base::time_point now);
    void on(const peer_id& from, const denied& said, base::time_point now);
    void on(const peer_id& from, const grant& given, base::time_point now);
    void on(const peer_id& from, const released& said, base::time_point now);
    void on(const peer_id& from, const cancelled& said, base::time_point now);
    void on(const peer_id& from, const hold_probe& asked, base::time_point now);
    void on(const peer_id& from, const gather& asked, base::time_point now);
    void on(const peer_id& from, const break_hold& asked, base::time_point now);
    void on(const peer_id& from, const release_request& asked, base::time_point now);
    void on(const peer_id& from, const lock_state& told, base::time_point now);
    void on(const peer_id& from, const watch_refused& said, base::time_point now);
    void on(const peer_id& from, const keep_delays& told, base::time_point now);

    void tell_of_orphans(const view_change& s, base::time_point now);
    void promise(const std::vector<slot>& slots, epoch least);

    void send_request(request_iterator at, base::time_point now);
    void ask_after_queued(base::time_point now);
    void fail(request_iterator at, errc why, base::time_point now,
              std::optional<lock_summary> summary = {});
    void take(const hold_key& key, request_iterator at, const grant& given, base::time_point now);
    [[nodiscard]] errc timeout_reason() const;
    [[nodiscard]] static errc reason_of(refusal why);
    [[nodiscard]] bool is_below_promise(slot at, holdfast::token t) const;

    void check_hold_limits(base::time_point now);
    void lose_all(errc why, base::time_point now);
    void lose_broken(const hold_key& key, const std::string& who, const std::string& why,
                     base::time_point now);
    void start_release(const std::string& name, holdfast::token token, ending how,
                       base::time_point now) {
        start_release({name, token, how, false, false, {}, {}}, false, now);
    }
    void start_release(lock::release what, bool is_lazy, base::time_point now);

    const base::settings& settings_;
    base::pace& pace_;
    peer_id self_;
    std::shared_ptr<const view> view_;
    bool is_leased_ = false;
    bool is_leaving_ = false;
    std::uint64_t last_report_ = 0;
    // on a gather of that owner, by its serial: how often
    std::map<std::pair<peer_id, std::uint64_t>, unsigned> reported_;
    pending_requests requests_;
    local_holds held_;
    owner_link link_;
    std::map<slot, epoch> promises_;  // HOLD-1
    kept_delays delays_;
    // not later than the first hold that ends, or is stuck
    std::optional<base::time_point> next_limit_;
    counters counters_;
    base::outbox<output> out_;
};

}  // namespace holdfast::lock
