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
