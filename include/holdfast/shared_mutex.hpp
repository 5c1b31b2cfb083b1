// A distributed lock for readers and writers with the face of std::shared_timed_mutex:
// std::shared_lock fits it.
#pragma once

#include <string>

#include <holdfast/export.hpp>
#include <holdfast/thread_lockable.hpp>

namespace holdfast {

/// The lock `name` of the cluster of a peer, alone or together with other readers (mode.hpp). First
/// come, first served: a reader that comes after a waiting writer waits behind it.
///
/// Everything said of `mutex` is true of it. A thread has it once, in one way: a reader that asks
/// to write as well, or to read once more, would wait for itself, so `lock` and `lock_shared` throw
/// `would_deadlock` and the others return false.
class HOLDFAST_EXPORT shared_mutex : private thread_lockable {
public:
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
