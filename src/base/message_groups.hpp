// Messages in groups: a variant whose alternatives are messages or variants of messages.
//
// The groups say which part of a machine takes a message. What looks at one kind of message only
// uses these functions, and needs not know in which group it stands.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

namespace holdfast::base {

template <class T>
constexpr bool is_message_group = false;
template <class... Alternative>
constexpr bool is_message_group<std::variant<Alternative...>> = true;

/// Calls `visitor` with the message itself.
template <class Visitor, class T>
constexpr decltype(auto) visit_message(Visitor&& visitor, const T& what) {
    if constexpr (is_message_group<T>) {
        return std::visit(
            [&](const auto& inner) -> decltype(auto) { return visit_message(visitor, inner); },
            what);
    } else {
        return visitor(what);
    }
}

/// The message itself if it is a `Message`, else null.
template <class Message, class T>
constexpr const Message* get_message_if(const T& what) {
    return visit_message(
        [](const auto& m) -> const Message* {
            if constexpr (std::is_same_v<std::decay_t<decltype(m)>, Message>) {
                return &m;
            } else {
                return nullptr;
            }
        },
        what);
}
template <class Message, class T>
constexpr bool holds_message(const T& what) {
    return get_message_if<Message>(what) != nullptr;
}

/// Calls `visitor` with `std::in_place_type<M>` for each kind of message, in their order.
template <class T, class Visitor>
constexpr void for_each_message(Visitor&& visitor) {
    if constexpr (is_message_group<T>) {
        [&]<class... Alternative>(std::type_identity<std::variant<Alternative...>>) {
            (for_each_message<Alternative>(visitor), ...);
        }(std::type_identity<T>{});
    } else {
        visitor(std::in_place_type<T>);
    }
}

/// How many kinds of messages there are.
template <class T>
constexpr std::size_t message_count = [] {
    std::size_t count = 0;
    for_each_message<T>([&](auto) { ++count; });
    return count;
}();

/// The place of `Message` among all kinds in `T`; `message_count<T>` if it is none of them.
template <class Message, class T>
constexpr std::size_t message_index_of = [] {
    std::size_t at = 0;
    std::size_t found = message_count<T>;
    for_each_message<T>([&]<class M>(std::in_place_type_t<M>) {
        found = std::is_same_v<M, Message> ? at : found;
        ++at;
    });
    return found;
}();

/// The place of the kind of this message among all kinds in `T`.
template <class T>
constexpr std::size_t message_index(const T& what) {
    return visit_message(
        [](const auto& m) { return message_index_of<std::decay_t<decltype(m)>, T>; }, what);
}

}  // namespace holdfast::base
