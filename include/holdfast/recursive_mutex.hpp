// A distributed lock with the face of std::recursive_timed_mutex: a thread that has it may lock it
// again.
#pragma once

#include <string>

#include <holdfast/export.hpp>
#include <holdfast/thread_lockable.hpp>

namespace holdfast {

/// As `mutex`, but a thread that has it and locks it again has it at once, with the same hold and
/// the same token; it is released when it was unlocked as often. No peer is asked for the second
/// time: it costs nothing, and it succeeds also when the hold was lost meanwhile, for the thread
/// has it still as far as it was told. Look at `is_valid()`.
///
/// Off by default, and a class of its own: code that holds a lock and does not know it is code that
/// does not know when it is released.
class HOLDFAST_EXPORT recursive_mutex : private thread_lockable {
public:
    recursive_mutex(const peer& with, std::string name);

    using thread_lockable::lock;
    using thread_lockable::try_lock;
    using thread_lockable::try_lock_for;
    using thread_lockable::try_lock_until;
    /// Undoes one `lock` of this thread; the last one releases.
    using thread_lockable::unlock;

    using thread_lockable::is_valid;
    using thread_lockable::token;
};

}  // namespace holdfast
