// A number for each kind of message, so that faults can pick on one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <variant>

#include "base/message_groups.hpp"
#include "node/message.hpp"

namespace holdfast::sim {

using message_kind = std::size_t;

/// Kinds of lock messages in the order of their numbers on the wire: a plan drawn from a seed names
/// a kind by its place here.
using lock_kinds_in_order =
    std::variant<lock::request, lock::taken, lock::release, lock::cancel, lock::queued,
                 lock::denied, lock::grant, lock::released, lock::cancelled, lock::still_held,
                 lock::break_hold, lock::gather, lock::report, lock::table, lock::no_table,
                 lock::table_ack, lock::watch, lock::unwatch, lock::lock_state,
                 lock::lock_state_seen, lock::look, lock::looked, lock::list_locks, lock::listed,
                 lock::demand, lock::demanded, lock::ask_back, lock::ask_heard, lock::keep_record,
                 lock::record_kept, lock::read_records, lock::records_read>;
static_assert(std::variant_size_v<lock_kinds_in_order> == base::message_count<lock::message>);

constexpr std::size_t swim_kinds = std::variant_size_v<swim::message>;
constexpr std::size_t view_kinds = std::variant_size_v<view_layer::message>;
constexpr std::size_t lease_kinds = std::variant_size_v<lease::message>;
constexpr std::size_t lock_kinds = base::message_count<lock::message>;
constexpr std::size_t message_kinds = swim_kinds + view_kinds + lease_kinds + lock_kinds;
constexpr std::size_t first_view = swim_kinds;
constexpr std::size_t first_lease = first_view + view_kinds;
constexpr std::size_t first_lock = first_lease + lease_kinds;

/// A message that goes round a cut link counts as what it carries.
[[nodiscard]] inline message_kind kind_of(const node::message& what) {
    if (const auto* s = std::get_if<swim::message>(&what)) {
        return s->index();
    }
    if (const auto* v = std::get_if<view_layer::message>(&what)) {
        return first_view + v->index();
    }
    if (const auto* l = std::get_if<lease::message>(&what)) {
        return first_lease + l->index();
    }
    const auto* k = std::get_if<lock::message>(&what);
    return base::visit_message(
        []<class Kind>(const Kind&) {
            return first_lock + base::message_index_of<Kind, lock_kinds_in_order>;
        },
        k != nullptr ? *k : std::get<node::relayed>(what).what);
}

template <class Kind, class... Kinds>
[[nodiscard]] constexpr std::size_t place_among(const std::variant<Kinds...>*) {
    constexpr std::array is_it{std::is_same_v<Kind, Kinds>...};
    return static_cast<std::size_t>(std::find(is_it.begin(), is_it.end(), true) - is_it.begin());
}

/// Of a type of message.
template <class Kind>
constexpr message_kind kind_of_type = [] {
    constexpr auto swim = place_among<Kind>(static_cast<const swim::message*>(nullptr));
    constexpr auto view = place_among<Kind>(static_cast<const view_layer::message*>(nullptr));
    constexpr auto lease = place_among<Kind>(static_cast<const lease::message*>(nullptr));
    constexpr auto lock = place_among<Kind>(static_cast<const lock_kinds_in_order*>(nullptr));
    return swim < swim_kinds     ? swim
           : view < view_kinds   ? first_view + view
           : lease < lease_kinds ? first_lease + lease
                                 : first_lock + lock;
}();

[[nodiscard]] constexpr bool is_swim(message_kind kind) { return kind < swim_kinds; }

}  // namespace holdfast::sim
