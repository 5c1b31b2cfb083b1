// Our own mistakes: stop before they spread.
#pragma once

#include <stdexcept>
#include <string>

namespace holdfast::base {

/// A broken invariant of the library. The runtime catches it at its border and ends this peer only;
/// tests and the simulator abort instead (`abort_on_broken_invariant`), so that the stack is still
/// there to be read.
class broken_invariant : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// Set once, before any thread is started.
void abort_on_broken_invariant(bool abort_instead);

namespace detail {
inline bool checks_everything = false;
}
/// Invariants that take a look at everything a machine has are checked only when this is on: in
/// tests and in the simulator. Set once, before any thread is started.
inline void check_everything(bool everything) { detail::checks_everything = everything; }
[[nodiscard]] inline bool checks_everything() { return detail::checks_everything; }

[[noreturn]] void report_broken_invariant(const char* condition, const char* file, int line);

}  // namespace holdfast::base

/// Kept in release builds. No packet may ever make one fail: what comes from outside is checked and
/// counted instead.
#define HOLDFAST_ASSERT(condition)                                                     \
    do {                                                                               \
        if (!(condition)) [[unlikely]] {                                               \
            ::holdfast::base::report_broken_invariant(#condition, __FILE__, __LINE__); \
        }                                                                              \
    } while (false)
