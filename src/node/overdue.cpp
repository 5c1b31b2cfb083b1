#include "node/overdue.hpp"

#include <algorithm>
#include <utility>

#include "base/message_groups.hpp"

namespace holdfast::node {
namespace {

template <class... Kind>
bool is_one_of(const lock::message& what) {
    return (base::holds_message<Kind>(what) || ...);
}

/// About; only of those that can be large.
std::uint64_t bytes_of(const lock::message& what) {
    std::uint64_t bytes = 0;
    if (const auto* given = base::get_message_if<lock::table>(what)) {
        const auto add = [&](const auto& entries) {
            for (const auto& e : entries) {
                bytes += lock::bytes_of(e);
            }
        };
        for (const auto& s : given->slots) {
            add(s.holds);
            add(s.queue);
            add(s.pasts);
            add(s.delays);
        }
    }
    return bytes;
}

}  // namespace

bool wants_answer(const lock::message& what) {
    return is_one_of<lock::gather, lock::table, lock::no_table, lock::grant>(what);
}

/// A declined grant is released (HOLD-6).
bool is_piece(const lock::message& what) {
    return is_one_of<lock::report, lock::table, lock::no_table, lock::table_ack, lock::grant_ack,
                     lock::release>(what);
}

void overdue::sent(const lock::send& s, base::time_point now) {
    if (s.attempt > 0 && wants_answer(s.what)) {
        waits(s.to, bytes_of(s.what), now);
        waits_.at(s.to).sent = now;
    }
}

void overdue::waits_for_tables_of(const std::set<peer_id>& owners, base::time_point now) {
    for (const auto& id : owners) {
        waits(id, 0, now);
    }
}

void overdue::waits(const peer_id& whom, std::uint64_t bytes, base::time_point now) {
    auto& w = waits_.try_emplace(whom, wait{now, now, {}, 0}).first->second;
    w.wanted = now;
    w.bytes = std::max(w.bytes, bytes);
    if (!next_look_) {
        next_look_ = now + settings_.lease / 2;
    }
}

void overdue::heard(const peer_id& from, const lock::message& what, base::time_point now) {
    if (waits_.empty() || !is_piece(what)) {
        return;
    }
    if (const auto at = waits_.find(from); at != waits_.end()) {
        at->second.since = now;
    }
}

void overdue::installed(const view& v) {
    std::erase_if(waits_, [&](const auto& w) { return !v.has(w.first); });
}

std::optional<overdue::word> overdue::look(base::time_point now) {
    // What is waited for is sent again within 5A/8, or 5/4 of `retry` if that is longer (LOAD-5).
    const auto longest = std::max(settings_.lease, 2 * settings_.retry);
    std::erase_if(waits_, [&](const auto& w) { return now - w.second.wanted >= longest; });
    next_look_.reset();
    if (waits_.empty()) {
        return std::nullopt;
    }
    next_look_ = now + settings_.lease / 2;
    word out;
    for (const auto& [whom, w] : waits_) {
        if (now - w.since >= 3 * settings_.lease && out.what.whom.size() < base::limits::members) {
            out.what.whom.push_back(whom);
            if (w.sent && now - *w.sent < longest) {
                out.what.asked.push_back(whom);
            }
            out.what.bytes = std::max(out.what.bytes, w.bytes);
        }
    }
    if (out.what.whom.empty()) {
        return std::nullopt;
    }
    out.by_stream = std::exchange(told_by_stream_, !told_by_stream_);
    return out;
}

}  // namespace holdfast::node
