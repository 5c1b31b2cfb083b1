// True time, which only the simulator and its judge know.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

namespace holdfast::sim {

/// Since the start of the run.
using instant = std::chrono::nanoseconds;

/// Seconds with microseconds: `12.345678`.
[[nodiscard]] inline std::string to_string(instant at) {
    char text[32];
    const auto us = at.count() / 1000;
    std::snprintf(text, sizeof text, "%lld.%06lld", static_cast<long long>(us / 1'000'000),
                  static_cast<long long>(us % 1'000'000));
    return text;
}

}  // namespace holdfast::sim
