#include "peer/observers.hpp"

#include <algorithm>
#include <variant>

#include "base/assert.hpp"
#include "peer/clock.hpp"
#include "peer/to_public.hpp"

namespace holdfast::runtime {

void observer::deliver(const lock_status& now) {
    const std::lock_guard guard{delivering_};
    if (!is_stopped_) {
        callback_(now);
    }
}

void observer::stop() {
    const std::lock_guard guard{delivering_};
    is_stopped_ = true;
}

void observers::add(std::shared_ptr<observer> o, node::node& n) {
    const bool is_first = !by_name_.contains(o->name());
    auto& e = by_name_[o->name()];
    e.all.push_back(o);
    if (is_first) {
        n.watch(o->name(), moment_now());
    } else if (e.last && o->wants_all() && e.last->holder_count > e.last->holders.size()) {
        fetch_all_holders(o->name(), e, n);
    } else if (e.last) {
        callbacks_.post([o, now = *e.last] { o->deliver(now); });
    }
}

void observers::remove(const observer& o, node::node& n) {
    const auto at = by_name_.find(o.name());
    if (at == by_name_.end()) {
        return;
    }
    HOLDFAST_ASSERT(!at->second.all.empty());
    std::erase_if(at->second.all, [&](const auto& one) { return one.get() == &o; });
    if (at->second.all.empty()) {
        forget_query(at->second);
        by_name_.erase(at);
        n.unwatch(o.name(), moment_now());
    }
}

void observers::on_changed(const node::lock_changed& what, node::node& n) {
    const auto at = by_name_.find(what.name);
    if (at == by_name_.end()) {
        return;
    }
    auto& e = at->second;
    lock_status now{what.name, {}, what.summary.holders, what.summary.waiting};
    for (const auto& h : what.summary.held) {
        now.holders.push_back(holder_from(n, h));
    }
    e.last = now;
    const bool is_all = now.holder_count == now.holders.size();
    if (is_all) {
        forget_query(e);  // what it would tell is older than this, or as old
    }
    deliver(e, now, is_all);
    if (!is_all) {
        fetch_all_holders(what.name, e, n);
    }
}

/// To those for whom it is enough.
void observers::deliver(const entry& e, const lock_status& now, bool is_all) {
    for (const auto& one : e.all) {
        if (is_all || !one->wants_all()) {
            callbacks_.post([one, now] { one->deliver(now); });
        }
    }
}

void observers::fetch_all_holders(const std::string& name, entry& e, node::node& n) {
    if (std::none_of(e.all.begin(), e.all.end(), [](const auto& o) { return o->wants_all(); })) {
        return;
    }
    e.has_changed = e.query.has_value();
    if (!e.query) {
        e.query = n.ask(lock::inspect_request{0, name}, {}, raw_now() + patience_, moment_now());
        queries_.emplace(*e.query, name);
    }
}

void observers::forget_query(entry& e) {
    if (e.query) {
        queries_.erase(*e.query);
        e.query.reset();
    }
}

bool observers::on_holders(std::uint64_t query, const lock::to_asker* what, errc why,
                           node::node& n) {
    const auto asked = queries_.find(query);
    if (asked == queries_.end()) {
        return false;
    }
    auto& [name, e] = *by_name_.find(asked->second);
    forget_query(e);
    const auto* seen = what == nullptr ? nullptr : std::get_if<lock::inspect_reply>(what);
    if (what == nullptr && why != errc::timed_out) {
        return true;  // this PeerId is over; the next one is told of a state, and asks then
    }
    if (std::exchange(e.has_changed, false) || seen == nullptr) {
        fetch_all_holders(name, e, n);
        return true;
    }
    lock_status now{name, {}, seen->holders, seen->waiting};
    for (const auto& h : seen->held) {
        now.holders.push_back(holder_from(n, h.what));
    }
    for (const auto& one : e.all) {
        if (one->wants_all()) {
            callbacks_.post([one, now] { one->deliver(now); });
        }
    }
    return true;
}

void observers::restart(node::node& successor) {
    for (auto& [name, e] : by_name_) {
        forget_query(e);
    }
    for (const auto& [name, e] : by_name_) {
        successor.watch(name, moment_now());
    }
}

}  // namespace holdfast::runtime
