// Made-up peers and views for unit tests: peer 1 fills seat 0, and so on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/time.hpp"

namespace made_up {

using namespace std::chrono_literals;

inline holdfast::peer_id peer(std::uint64_t n) { return {0, n}; }

inline holdfast::endpoint address(std::uint64_t n) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, static_cast<std::uint8_t>(n)},
            4653};
}

inline holdfast::member member(std::uint64_t n) {
    return {peer(n), "p" + std::to_string(n), address(n), 1, false, {1}};
}

inline holdfast::base::time_point at(holdfast::base::duration since_start) {
    return holdfast::base::time_point{1h + since_start};
}

/// The same for who has a right, and both (NOW-2).
inline holdfast::base::right_time right(holdfast::base::duration since_start) {
    return holdfast::base::right_time{1h + since_start};
}
inline holdfast::base::moment moment(holdfast::base::duration since_start,
                                     holdfast::base::duration suspended = {}) {
    return {at(since_start), 0, suspended};
}

/// View 1 with `seats` filled seats and `others` more members.
inline holdfast::view first_view(std::size_t seats, std::size_t others = 0,
                                 std::uint32_t slots = 16) {
    holdfast::view v;
    v.cluster = {1, 1};
    v.number = {1};
    v.epoch = {100};
    v.slots = slots;
    v.seats_since = {1};
    for (std::uint64_t n = 1; n <= seats + others; ++n) {
        v.members.push_back(member(n));
        if (n <= seats) {
            v.seats.push_back({address(n), peer(n)});
        }
    }
    return v;
}

}  // namespace made_up
