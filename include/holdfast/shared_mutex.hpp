// A distributed lock for readers and writers with the interface of std::shared_timed_mutex.
// std::shared_lock works with it.
#pragma once

#include <string>

#include <holdfast/export.hpp>
#include <holdfast/thread_lockable.hpp>

namespace holdfast {

/// The lock `name` of a peer's cluster, held by one writer or by any number of readers (mode.hpp).
///
/// - Order: first come, first served. A reader that comes after a waiting writer waits behind it.
/// - Threads, errors, loss and lifetime: as for `mutex`.
/// - A thread has it once, in one mode. A thread that has it and asks again, in either mode, would
///   wait for itself: `lock` and `lock_shared` throw `would_deadlock`, the other calls return
///   false.
class HOLDFAST_EXPORT shared_mutex : private thread_lockable {
public:
    /// As of `mutex`.
    shared_mutex(const peer& with, std::string name);

    using thread_lockable::lock;
    using thread_lockable::try_lock;
    using thread_lockable::try_lock_for;
    using thread_lockable::try_lock_until;
    using thread_lockable::unlock;

    using thread_lockable::lock_shared;
    using thread_lockable::try_lock_shared;
    using thread_lockable::try_lock_shared_for;
    using thread_lockable::try_lock_shared_until;
    using thread_lockable::unlock_shared;

    using thread_lockable::is_valid;
    using thread_lockable::token;
};

}  // namespace holdfast
