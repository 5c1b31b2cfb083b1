// A number for each kind of message, so that faults can pick on one.
#pragma once

#include <cstddef>
#include <variant>

#include "base/message_groups.hpp"
#include "node/message.hpp"

namespace holdfast::sim {

using message_kind = std::size_t;

/// Kinds of lock messages in the order of their numbers on the wire: a plan drawn from a seed names
/// a kind by its place here.
using lock_kinds_in_order = std::variant<
    lock::request, lock::grant_ack, lock::release, lock::cancel, lock::queued, lock::denied,
    lock::grant, lock::released, lock::cancelled, lock::hold_probe, lock::break_hold, lock::gather,
    lock::report, lock::table, lock::no_table, lock::table_ack, lock::watch, lock::unwatch,
    lock::lock_state, lock::lock_state_seen, lock::inspect_request, lock::inspect_reply,
    lock::list_locks, lock::listed, lock::revoke_request, lock::revoke_reply, lock::release_request,
    lock::release_request_ack, lock::store_record, lock::record_stored, lock::read_records,
    lock::records_read, lock::still_waiting, lock::still_queued, lock::watch_refused,
    lock::keep_delays, lock::delays_kept, lock::no_holds, lock::no_holds_of>;
static_assert(std::variant_size_v<lock_kinds_in_order> == base::message_count<lock::message>);

constexpr std::size_t swim_kinds = base::message_count<swim::message>;
constexpr std::size_t view_kinds = base::message_count<views::message>;
constexpr std::size_t lease_kinds = base::message_count<lease::message>;
constexpr std::size_t lock_kinds = base::message_count<lock::message>;
constexpr std::size_t message_kinds = swim_kinds + view_kinds + lease_kinds + lock_kinds;
constexpr std::size_t first_view = swim_kinds;
constexpr std::size_t first_lease = first_view + view_kinds;
constexpr std::size_t first_lock = first_lease + lease_kinds;

/// A relayed message counts as what it carries.
[[nodiscard]] inline message_kind kind_of(const node::message& what) {
    const auto lock_kind = [](const lock::message& m) {
        return base::visit_message(
            []<class Kind>(const Kind&) {
                return first_lock + base::message_index_of<Kind, lock_kinds_in_order>;
            },
            m);
    };
    if (const auto* r = std::get_if<node::relayed>(&what)) {
        return lock_kind(r->what);
    }
    const auto* l = std::get_if<lock::message>(&what);
    return l != nullptr ? lock_kind(*l) : base::message_index(what);
}

/// Of a type of message.
template <class Kind>
constexpr message_kind kind_of_type = [] {
    constexpr auto lock = base::message_index_of<Kind, lock_kinds_in_order>;
    return lock < lock_kinds ? first_lock + lock : base::message_index_of<Kind, node::message>;
}();

[[nodiscard]] constexpr bool is_swim(message_kind kind) { return kind < swim_kinds; }

}  // namespace holdfast::sim
