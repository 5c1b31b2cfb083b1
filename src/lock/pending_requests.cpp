#include "lock/pending_requests.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::lock {

pending_requests::iterator pending_requests::add(std::string_view name, acquire_params wanted) {
    const request_number number{++last_number_};
    pending_request p{number, std::string{name}};
    p.wanted = std::move(wanted);
    const auto [at, is_new] = all_.emplace(number, std::move(p));
    HOLDFAST_ASSERT(is_new);
    return at;
}

pending_requests::iterator pending_requests::renumber(iterator at) {
    const request_number number{++last_number_};
    HOLDFAST_ASSERT(at->first < number);
    auto p = remove(at);
    renumbered_[p.caller] = number;
    return all_.emplace(number, std::move(p)).first;
}

pending_request pending_requests::remove(iterator at) {
    note_unqueued(at);
    due_.set(at->first, at->second.due, std::nullopt);
    auto p = std::move(at->second);
    renumbered_.erase(p.caller);
    all_.erase(at);
    return p;
}

pending_requests::map pending_requests::take_all() {
    due_.clear();
    queued_.clear();
    renumbered_.clear();
    return std::exchange(all_, {});
}

pending_requests::iterator pending_requests::find_caller(request_number number) {
    const auto now = renumbered_.find(number);
    return all_.find(now == renumbered_.end() ? number : now->second);
}

void pending_requests::schedule(iterator at) {
    auto& [number, p] = *at;
    auto due = p.wanted.until;
    if (p.again && !p.is_queued) {
        base::earlier(due, p.again->next);
    }
    due_.set(number, p.due, due);
}

std::optional<base::time_point> pending_requests::deadline() const {
    auto due = due_.next();
    base::earlier(due, queued_.next());
    return due;
}

void pending_requests::note_queued(iterator at, base::time_point ask_after) {
    auto& p = at->second;
    p.is_queued = true;
    queued_.add(p.name, p.at, at->first, ask_after);
    schedule(at);
}

void pending_requests::note_unqueued(iterator at) {
    if (std::exchange(at->second.is_queued, false)) {
        queued_.remove(at->second.name, at->first);
    }
}

std::optional<base::time_point> pending_requests::asks_after(request_number number) const {
    const auto at = all_.find(number);
    return at != all_.end() && at->second.is_queued ? queued_.asks_after(at->second.name)
                                                    : std::nullopt;
}

void pending_requests::invariants() const {
    HOLDFAST_ASSERT(due_.size() <= all_.size());
    queued_.invariants();
    HOLDFAST_ASSERT(all_.empty() || all_.rbegin()->first.value <= last_number_);
    if (!base::checks_everything()) {
        return;
    }
    std::size_t due = 0;
    std::size_t renumbered = 0;
    for (const auto& [number, p] : all_) {
        HOLDFAST_ASSERT(p.caller <= number);
        if (p.caller != number) {
            const auto known = renumbered_.find(p.caller);
            HOLDFAST_ASSERT(known != renumbered_.end() && known->second == number);
            ++renumbered;
        }
        HOLDFAST_ASSERT(!p.again || p.is_queued || (p.due && *p.due <= p.again->next));
        HOLDFAST_ASSERT(p.is_queued == queued_.has(p.name, number));
        HOLDFAST_ASSERT(!p.wanted.until || (p.due && *p.due <= *p.wanted.until));
        due += p.due ? 1 : 0;
    }
    HOLDFAST_ASSERT(due == due_.size());
    HOLDFAST_ASSERT(renumbered == renumbered_.size());
}

}  // namespace holdfast::lock
