// How a member renews its right to act (docs/protocol.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

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
    bool lacks_descriptors = false;   ///< of its voter: streams to it show nothing (LEASE-8)
    bool is_at_two_hosts = false;     ///< who asked: its voter has streams from both (CERT-3)
    bool is_dialled_in_vain = false;  ///< who asked: its voter cannot dial it (NET-4)
    bool operator==(const ack&) const = default;
};

// ---- whether members can be reached at all (VIEW-9)

/// To each voter: nothing has come from these members for too long, by way of the voters neither.
struct waits_for {
    std::vector<peer_id> whom;
    std::uint64_t bytes = 0;     ///< of the largest message that they have not answered, about
    std::vector<peer_id> asked;  ///< of them: to whom something is sent again and again
    bool operator==(const waits_for&) const = default;
};
/// More than a stream takes at once, and little enough for slow ways.
constexpr std::size_t most_filler = std::size_t{128} << 10;
/// From a voter, by stream: to be answered by stream, with as much.
struct way_question {
    std::uint64_t number = 0;
    std::string filler;  ///< says nothing
    bool operator==(const way_question&) const = default;
};
struct way_answer {
    std::uint64_t number = 0;  ///< of the question
    std::string filler;        ///< that of the question
    bool operator==(const way_answer&) const = default;
};

using message = std::variant<renew_request, ack, waits_for, way_question, way_answer>;

}  // namespace holdfast::lease
