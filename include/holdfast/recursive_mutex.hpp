// A distributed lock with the interface of std::recursive_timed_mutex: a thread that has it may
// lock it again.
#pragma once

#include <string>

#include <holdfast/export.hpp>
#include <holdfast/thread_lockable.hpp>

namespace holdfast {

/// As `mutex`, but a thread that has it may lock it again.
///
/// - Locking again: succeeds at once, with the same hold and the same token, and sends no message.
///   It succeeds also when the hold was lost meanwhile: `is_valid()` says so.
/// - Release: when the thread has unlocked it as often as it locked it.
///
/// It is a class of its own because `mutex` finds a mistake that this one hides: code that does not
/// know that it holds a lock does not know when the lock is released.
class HOLDFAST_EXPORT recursive_mutex : private thread_lockable {
public:
    /// As of `mutex`.
    recursive_mutex(const peer& with, std::string name);

    using thread_lockable::lock;
    using thread_lockable::try_lock;
    using thread_lockable::try_lock_for;
    using thread_lockable::try_lock_until;
    /// Undoes one `lock` of this thread. The last one releases the lock.
    using thread_lockable::unlock;

    using thread_lockable::is_valid;
    using thread_lockable::token;
};

}  // namespace holdfast
