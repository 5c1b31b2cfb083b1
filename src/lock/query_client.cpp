#include "lock/query_client.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace holdfast::lock {
namespace {

/// Empty: it is about no name.
const std::string& name_in(const question& what) {
    static const std::string none;
    return std::visit(
        [](const auto& q) -> const std::string& {
            using kind = std::decay_t<decltype(q)>;
            if constexpr (std::is_same_v<kind, inspect_request> ||
                          std::is_same_v<kind, revoke_request>) {
                return q.name;
            } else {
                return none;
            }
        },
        what);
}

/// The answer is final: a repeat would bring no better one.
bool is_last_word(const to_asker& what) {
    if (const auto* l = std::get_if<inspect_reply>(&what)) {
        return l->is == tenure_state::serves;
    }
    if (const auto* d = std::get_if<revoke_reply>(&what)) {
        return d->so_far.stage == break_stage::ended || d->so_far.stage == break_stage::refused;
    }
    return true;
}

bool answers(const to_asker& what, const question& asked) {
    // The alternatives of both are in the same order.
    return what.index() == asked.index();
}

}  // namespace

std::uint64_t query_client::ask(question what, const peer_id& to, base::time_point until,
                                base::time_point now) {
    const auto number = ++last_number_;
    std::visit([&](auto& q) { q.number = number; }, what);
    auto& e = pending_.emplace(number, pending_query{std::move(what), to, {}, until, {now, 0}, {}})
                  .first->second;
    if (view_) {
        e.at = slot_of_(name_in(e.what));
        send_query(e, now);
    }
    plan(number, e);
    return number;
}

void query_client::forget(std::uint64_t number) {
    if (const auto at = pending_.find(number); at != pending_.end()) {
        (void)take(at);
    }
}

query_client::pending_query query_client::take(queries::iterator at) {
    due_.set(at->first, at->second.due, std::nullopt);
    auto e = std::move(at->second);
    pending_.erase(at);
    return e;
}

/// It is sent again, or its time is up.
void query_client::plan(std::uint64_t number, pending_query& e) {
    due_.set(number, e.due, view_ ? std::min(e.until, e.again.next) : e.until);
}

void query_client::install(const view_change& s, base::time_point now) {
    const auto before = s.is_first ? nullptr : map_;
    view_ = s.now;
    map_ = s.map;
    for (auto& [number, e] : pending_) {
        if (s.is_first) {
            e.at = slot_of_(name_in(e.what));
        }
        if (e.to.is_nil() && (!before || before->owner_of(e.at) != map_->owner_of(e.at))) {
            e.again.reset();
            send_query(e, now);
        }
        plan(number, e);
    }
    invariants();
}

void query_client::handle(const peer_id& from, const to_asker& what, base::time_point now) {
    const auto number = std::visit([](const auto& a) { return a.number; }, what);
    const auto at = pending_.find(number);
    if (at == pending_.end() || receiver(at->second) != from || !answers(what, at->second.what)) {
        return;
    }
    if (is_last_word(what)) {
        (void)take(at);
        out_.push(answered{number, what});
        return;
    }
    auto& e = at->second;
    e.so_far = what;
    if (std::holds_alternative<revoke_reply>(what)) {
        // as QUEUED: the owner tells the end of it, unless it is another owner by then
        e.again = {now + settings_.lease, 0};
        plan(number, e);
    }
    invariants();
}

void query_client::stream_lost(const peer_id& peer, base::time_point now) {
    for (auto& [number, e] : pending_) {
        if (e.again.attempt > 0 && receiver(e) == peer) {
            e.again.next = now;
            plan(number, e);
        }
    }
    invariants();
}

void query_client::tick(base::time_point now) {
    for (const auto number : due_.due(now)) {
        const auto at = pending_.find(number);
        HOLDFAST_ASSERT(at != pending_.end());
        if (at->second.until <= now) {
            out_.push(
                unanswered{number, view_ ? errc::timed_out : errc::not_a_member, take(at).so_far});
            continue;
        }
        send_query(at->second, now);
        plan(number, at->second);
    }
    invariants();
}

std::optional<base::time_point> query_client::deadline() const { return due_.next(); }

void query_client::end(errc why) {
    due_.clear();
    for (auto& [number, e] : std::exchange(pending_, {})) {
        out_.push(unanswered{number, why, std::move(e.so_far)});
    }
}

void query_client::send_query(pending_query& e, base::time_point now) {
    HOLDFAST_ASSERT(view_ && map_);
    const auto to = receiver(e);
    if (std::holds_alternative<revoke_request>(e.what)) {
        e.again.plan_soon(pace_, to, now);  // not answered by an owner that gathers
    } else if (std::holds_alternative<read_records>(e.what)) {
        // LOAD-5: each copy draws an answer, which can be as large as all records
        e.again.plan(pace_, to, now, settings_.lease / 4);
    } else {
        e.again.plan(pace_, to, now);
    }
    if (!to.is_nil()) {
        std::visit([&](const auto& q) { out_.push(send{to, q, e.again.count()}); }, e.what);
    }
}

void query_client::invariants() const {
    HOLDFAST_ASSERT((view_ == nullptr) == (map_ == nullptr));
    HOLDFAST_ASSERT(pending_.empty() || pending_.rbegin()->first <= last_number_);
    if (!base::checks_everything()) {
        return;
    }
    for (const auto& [number, e] : pending_) {
        HOLDFAST_ASSERT(number == std::visit([](const auto& q) { return q.number; }, e.what));
        HOLDFAST_ASSERT(view_ || e.again.attempt == 0);
        HOLDFAST_ASSERT(e.due == (view_ ? std::min(e.until, e.again.next) : e.until));
        HOLDFAST_ASSERT(!e.so_far || answers(*e.so_far, e.what));
        HOLDFAST_ASSERT(!e.so_far || !is_last_word(*e.so_far));  // that ends it
    }
}

}  // namespace holdfast::lock
