// The clocks of the machine, read at the moment of the question (NOW-1). No other part of the
// library reads one.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/suspend_count.hpp"
#include "base/time.hpp"

namespace holdfast::runtime {

/// CLOCK_MONOTONIC_RAW, for who waits (NOW-2). What corrects the time of day slews all other
/// clocks, by far more than `clock_drift`.
[[nodiscard]] base::time_point raw_now();
/// For who has a right as well, and with the wall clock, in whole seconds since 2024-01-01, for
/// epochs. All threads of the process see one count of suspends.
[[nodiscard]] base::moment moment_now();

/// When this version was released, in the same seconds: 2026-11-01. A wall clock that says less is
/// wrong (FOUND-9).
constexpr std::int64_t released_at_s = 89'424'000;

/// All that moments are made of, as close together as they could be read.
[[nodiscard]] base::clock_reading read_clocks();
/// To be gone on with in another process.
[[nodiscard]] base::suspend_count suspends_counted();

/// Longer waits are as good as endless, and added to a present time they would overflow.
constexpr base::duration longest_wait = std::chrono::hours{24 * 365};
/// The end of a wait that begins now.
[[nodiscard]] base::time_point deadline_after(base::duration wait);

// ---- for processes beside, that end a right; they may have been forked from a program with
// ---- threads, and may call these and read_clocks()

/// For how many milliseconds to poll() while so much of a right is left: not to its end, for poll()
/// waits by a clock that may be slewed, and is not woken by the end of a suspend.
[[nodiscard]] int poll_before(base::duration left);
/// A descriptor that can be read when the machine has woken from suspend, or its wall clock was
/// set; -1: there is none.
[[nodiscard]] int open_resume_descriptor();
/// It could be read.
void clear_resume(int descriptor);

}  // namespace holdfast::runtime
