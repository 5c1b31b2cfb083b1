// A distributed lock with the face of std::timed_mutex: std::unique_lock, std::scoped_lock and
// std::lock fit it.
#pragma once

#include <string>

#include <holdfast/export.hpp>
#include <holdfast/thread_lockable.hpp>

namespace holdfast {

/// The lock `name` of the cluster of a peer. Any number of mutexes, in any processes, may have one
/// name.
///
/// Any thread may call; as with std::mutex, the thread that locked it unlocks it. A thread that has
/// it and locks it again would wait for itself: `lock` throws `would_deadlock`, the others return
/// false. Its destruction releases whatever threads still have.
///
/// Unlike std::mutex, what it guards can be lost (a lease that ran out): look at `token()` and
/// `is_valid()`, or use `peer::lock`, whose hold also tells when that happens.
class HOLDFAST_EXPORT mutex : private thread_lockable {
public:
    /// Keeps what it needs of the peer; the handle may be moved or end before it (then nothing can
    /// be locked any more).
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
