// How holds end at their owner, and what it remembers of that (FATE, OWN-5).
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "lock/checks.hpp"
#include "lock/granter.hpp"

namespace holdfast::lock {

void granter::end_hold(slot s, const std::string& name, lock_entry& e, token t,
                       std::optional<hold_end> how, base::time_point now) {
    HOLDFAST_ASSERT(tenures_.serving(s) != nullptr);
    const std::string ended{std::string_view{name}};  // a copy: `name` may live in the entry
    auto* const h = e.held.find(t);
    if (h != nullptr) {
        how = was_never_sent(s, *h) ? std::nullopt : std::move(how);
        end_delay_of(s, h->what, how, now);
    }
    if (h != nullptr && how) {
        const bool has_died = how->how == end_reason::died;
        // OWN-5, BREAK-1: without its holder's word it ends with its holder's lease
        HOLDFAST_ASSERT(!has_died || has_no_lease(h->what.holder, *view_, voids_, now));
        HOLDFAST_ASSERT(!base::checks_everything() || has_died ||
                        !revocations_.is_to_break(ended, t));
        remember_end(s, ended, *h, std::move(*how));
    }
    revocations_.hold_ended(ended, t);
    if (h != nullptr) {
        repeat_grant(s, *h, std::nullopt);
        quotas_.remove_hold(h->what);
        e.held.remove(t);
    }
    HOLDFAST_ASSERT(e.held.find(t) == nullptr);
    revocations_.answer_all(ended, t, how_it_ended(ended, t), out_);
    if (!grant_waiters(s, ended, e, now)) {
        notify(s, ended, now);
    }
}

void granter::remember_end(slot s, const std::string& name, const granted_hold& h, hold_end how) {
    if (h.what.terms.mode.how == lock_mode::kind::exclusive) {
        const bool is_consistent = how.is_consistent;
        auto what = remembered_after(h, std::move(how), told_before(s, name));
        HOLDFAST_ASSERT(is_consistent || !what.is_clean());  // FATE
        remember(s, name, std::move(what));
    }
}

void granter::remember(slot s, const std::string& name, previous_hold what) {
    if (const auto forgotten = former_holds_.keep(s, name, std::move(what))) {
        if (auto* t = tenures_.find(*forgotten)) {
            t->history_is_complete = false;
        }
    }
}

previous_hold granter::told_before(slot s, const std::string& name) const {
    if (const auto* known = former_holds_.find(s, name)) {
        return *known;
    }
    const auto* t = tenures_.find(s);
    return {t != nullptr && t->history_is_complete ? end_reason::none : end_reason::unknown,
            {},
            {},
            {},
            {},
            {}};
}

void granter::end_holds_of_removed(base::time_point now) {
    tenures_.for_each([&](slot s, tenure& t) {
        std::vector<std::pair<std::string, token>> ended;
        for (const auto& [name, e] : t.table) {
            for (const auto& [token, h] : e.held.all()) {
                const auto at = voids_.of(h.what.holder, *view_);
                if (at && *at <= now) {
                    ended.emplace_back(name, token);
                } else {
                    look_again(at);
                }
            }
        }
        for (const auto& [name, token] : ended) {
            if (const auto at = t.table.find(name); at != t.table.end()) {
                end_hold(s, name, at->second, token, hold_end{end_reason::died, false, {}}, now);
            }
        }
    });
}

void granter::drop_non_members(base::time_point now) {
    for_each_contended([&](slot s, const std::string& name, lock_entry& e) {
        const auto gone =
            e.queue.remove_peers([&](const peer_id& p) { return !view_->has(p); },
                                 [&](const waiter& w) { quotas_.remove_waiting(w.peer, w); });
        if (!grant_waiters(s, name, e, now) && gone > 0) {
            notify(s, name, now);
        }
    });
    watchers_.drop_non_members(*view_, quotas_);
    quotas_.drop_non_members(*view_);
    revocations_.forget_unserved(tenures_);
}

// ---- slots

}  // namespace holdfast::lock
