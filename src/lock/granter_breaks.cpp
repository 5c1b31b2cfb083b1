// Holds that end before their holders release them: for operators, and for waiters whose patience a
// policy ends (BREAK-2).
#include <algorithm>
#include <chrono>
#include <string>

#include "base/assert.hpp"
#include "base/rule_effects.hpp"
#include "lock/granter.hpp"

namespace holdfast::lock {

void granter::break_hold_of(slot s, const hold_info& h, const std::string& who,
                            const std::string& why, base::time_point now) {
    HOLDFAST_ASSERT(tenures_.serving(s) != nullptr);
    if (!revocations_.start_break(h, who, why, now)) {
        return;
    }

    repeat_breaks(now);
}

void granter::repeat_breaks(base::time_point now) {
    revocations_.repeat_breaks(tenures_, voids_, *view_, now, out_);
}

void granter::break_for_waiters(base::time_point now) {
    if (!is_leased_ || now < breaks_from_) {
        return;
    }
    for (const auto& [s, name] : patience_.due(now)) {
        auto* e = tenures_.find_lock(s, name);
        HOLDFAST_ASSERT(e != nullptr && e->first);
        const auto waited =
            std::chrono::duration_cast<std::chrono::milliseconds>(now - e->first->since);
        for (const auto* h : e->held.take_patient(waited)) {
            if (revocations_.is_to_break(name, h->token)) {
                continue;
            }
            const auto who =
                ("policy, for " + name_of(e->first->peer)).substr(0, base::limits::who);
            const auto why =
                "it has waited for " + std::to_string(h->terms.policy.waited_for.count()) + " ms";
            base::count(base::effect::break_2_breaks);
            out_.push(broke_by_policy{*h, who, why});
            break_hold_of(s, *h, who, why, now);
        }
        plan_patience(s, name, *e);
    }
}

void granter::plan_patience(slot s, const std::string& name, lock_entry& e) {
    const auto shortest = e.first ? e.held.shortest_patience() : std::nullopt;
    if (shortest || e.patience_ends) {  // as a rule neither; a key costs a copy of the name
        patience_.set({s, name}, e.patience_ends,
                      shortest ? std::optional{e.first->since + *shortest} : std::nullopt);
    }
}

}  // namespace holdfast::lock
