#include "sim/drawn_work.hpp"

#include <chrono>

namespace holdfast::sim {

using namespace std::chrono_literals;

lock_mode drawn_work::mode(judge::lock l, bool may_be_wrong) {
    const auto& style = plan_.styles[l];
    if (style.limit > 0) {
        const bool is_wrong =
            style.wrong_limit > 0 && may_be_wrong && random_.chance(style.wrong_limit);
        return random_.chance(0.05) ? lock_mode::exclusive()
                                    : lock_mode::permit(style.limit + (is_wrong ? 1 : 0));
    }
    return style.shared > 0 && random_.chance(style.shared) ? lock_mode::shared()
                                                            : lock_mode::exclusive();
}

void drawn_work::policy(acquire_how& how) {
    if (plan_.work.policies == 0 || !random_.chance(plan_.work.policies)) {
        return;
    }
    how.priority = static_cast<std::int32_t>(random_.below(3)) - 1;
    how.delay =
        random_.chance(0.3)
            ? std::chrono::duration_cast<std::chrono::milliseconds>(random_.between(0ms, 500ms))
            : 0ms;
    how.break_policy.by_operators = random_.chance(0.5);
    how.break_policy.approvals = random_.chance(0.5) ? 2 : 1;
    if (random_.chance(0.2)) {
        how.break_policy.waited_for =
            std::chrono::duration_cast<std::chrono::milliseconds>(random_.between(10ms, 1s));
    }
    if (random_.chance(0.2)) {
        how.max_hold = random_.between(1ms, 1s);
    }
    if (random_.chance(0.2)) {
        how.progress_timeout = random_.between(10ms, 1s);
        how.on_stall =
            random_.chance(0.5) ? stall_action::break_hold : stall_action::request_release;
    }
}

base::duration drawn_work::hold_time() {
    if (plan_.work.long_holds > 0 && random_.chance(plan_.work.long_holds)) {
        return random_.between({}, 4 * plan_.common.lease);
    }
    return random_.between({}, plan_.work.longest_hold);
}

void drawn_work::operate(std::uint32_t place) {
    const auto& w = plan_.work;
    if (w.looks > 0 && random_.chance(w.looks)) {
        machines_.look(place, static_cast<judge::lock>(random_.below(plan_.shared_locks)));
    }
    if (w.demands > 0 && random_.chance(w.demands)) {
        const auto l = static_cast<judge::lock>(random_.below(plan_.shared_locks));
        if (const auto t = judge_.newest_hold(l)) {
            const auto who = random_.chance(0.5) ? "ann" : "bob";
            machines_.operators().revoke_request(place, l, *t,
                                                 random_.chance(0.3)
                                                     ? lock::revoke_kind::request_release
                                                     : lock::revoke_kind::break_hold,
                                                 who);
        }
    }
    if (w.records > 0 && random_.chance(w.records)) {
        machines_.operators().record(place);
    }
    if (w.records > 0 && random_.chance(w.records) && machines_.is_up(place)) {
        machines_.operators().read_records(place);
    }
    if (w.evictions > 0 && random_.chance(w.evictions)) {
        machines_.operators().evict(place,
                                    static_cast<std::uint32_t>(random_.below(plan_.places.size())));
    }
}

}  // namespace holdfast::sim
