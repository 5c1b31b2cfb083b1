// How a member renews its right to act (docs/protocol.md).
#pragma once

#include <variant>

#include <holdfast/ids.hpp>

#include "base/time.hpp"

namespace holdfast::lease {

/// `seats` names the seats it is asked under, by the view in which they last changed: the seats of
/// two views of one cluster are the same exactly when this is.
struct renew_request {
    view_number seats;
    base::right_time sent_at;  ///< a number; what it means only its sender knows (NOW-2)
    bool is_running = false;
    holdfast::epoch epoch{};  ///< the highest that the sender has agreed to (FOUND-9)
    bool operator==(const renew_request&) const = default;
};
struct ack {
    view_number seats;
    base::right_time sent_at;
    bool lacks_descriptors = false;  ///< of its voter: streams to it show nothing (LEASE-8)
    bool is_at_two_hosts = false;    ///< who asked: its voter has streams from both (CERT-3)
    bool operator==(const ack&) const = default;
};

using message = std::variant<renew_request, ack>;

}  // namespace holdfast::lease
