// A distributed lock with the interface of std::timed_mutex. std::unique_lock, std::scoped_lock and
// std::lock work with it.
#pragma once

#include <string>

#include <holdfast/export.hpp>
#include <holdfast/thread_lockable.hpp>

namespace holdfast {

/// The lock `name` of a peer's cluster, held by threads. Any number of mutexes, in any processes,
/// may have the same name: they are the same lock.
///
/// - Threads: any thread may call. The thread that locked the mutex unlocks it, as with std::mutex.
/// - Errors: `lock` throws `lock_error` with the error of `peer::lock`. The other calls return
///   false.
/// - A thread that has the mutex and locks it again would wait for itself: `lock` throws
///   `would_deadlock`, the other calls return false.
/// - Loss: unlike with std::mutex, the lock can be lost while a thread has it (its peer's lease ran
///   out, for example). `is_valid()` says so, and the guarded resource can check `token()`
///   (gate.hpp). Where the program must be told of a loss, use `peer::lock`.
/// - Lifetime: its destruction releases what threads still have.
class HOLDFAST_EXPORT mutex : private thread_lockable {
public:
    /// `with` may be moved or destroyed before the mutex. After its destruction `lock` throws
    /// `shutting_down`, and the other calls return false.
    mutex(const peer& with, std::string name);

    using thread_lockable::lock;
    using thread_lockable::try_lock;
    using thread_lockable::try_lock_for;
    using thread_lockable::try_lock_until;
    using thread_lockable::unlock;

    using thread_lockable::is_valid;
    using thread_lockable::token;
};

}  // namespace holdfast
