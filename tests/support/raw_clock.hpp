// The clock that a real peer reads.
#pragma once

#include <time.h>

#include "base/time.hpp"

namespace test_support {

inline holdfast::base::time_point now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return holdfast::base::time_point{std::chrono::seconds{t.tv_sec} +
                                      std::chrono::nanoseconds{t.tv_nsec}};
}

}  // namespace test_support
