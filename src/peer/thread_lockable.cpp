// Locks with the faces of the standard's: what a thread locked, that thread unlocks.
#include <holdfast/thread_lockable.hpp>

#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include <holdfast/mutex.hpp>
#include <holdfast/peer.hpp>
#include <holdfast/recursive_mutex.hpp>
#include <holdfast/shared_mutex.hpp>

#include "peer/driver.hpp"

namespace holdfast {
namespace runtime {

/// What the threads of this process have of one lock.
class thread_holds {
public:
    /// `counts`: a thread may take it again, and has to give it back as often.
    thread_holds(std::shared_ptr<driver> d, std::string name, bool counts = false)
        : driver_{std::move(d)}, name_{std::move(name)}, counts_{counts} {}
    thread_holds(const thread_holds&) = delete;
    thread_holds& operator=(const thread_holds&) = delete;

    /// Forgets `all` in a forked child: its lists may be in the midst of a change, and its holds
    /// are the parent's.
    static void end(std::unique_ptr<thread_holds> all) {
        if (all->driver_->is_forked()) {
            (void)all.release();
            return;
        }
        for (const auto& [thread, mine] : all->held_) {
            (void)all->driver_->release(*mine.state);
        }
    }

    result<void> take(lock_mode mode, std::optional<std::chrono::nanoseconds> wait) {
        if (counts_ && take_again()) {
            return {};
        }
        if (mine()) {
            return fail(errc::would_deadlock, "this thread has the mutex already");
        }
        auto got = driver_->acquire(name_, {wait, {}, {}, {}, mode});
        if (!got) {
            return tl::unexpected<error>{got.error()};
        }
        const std::lock_guard guard{mutex_};
        held_[std::this_thread::get_id()] = {std::move(*got), mode, 1};
        return {};
    }
    void lock(lock_mode mode) {
        if (auto taken = take(mode, {}); !taken) {
            throw lock_error{taken.error()};
        }
    }
    /// Nothing, if this thread does not have it in that mode.
    void give_back(lock_mode mode) {
        std::shared_ptr<hold_state> g;
        if (!driver_->is_forked()) {
            const std::lock_guard guard{mutex_};
            if (const auto at = held_.find(std::this_thread::get_id());
                at != held_.end() && at->second.mode == mode && --at->second.times == 0) {
                g = std::move(at->second.state);
                held_.erase(at);
            }
        }
        if (g) {
            (void)driver_->release(*g);
        }
    }
    [[nodiscard]] std::shared_ptr<hold_state> mine() {
        if (driver_->is_forked()) {
            return nullptr;  // `mutex_` may be a thread's that is not here
        }
        const std::lock_guard guard{mutex_};
        const auto at = held_.find(std::this_thread::get_id());
        return at == held_.end() ? nullptr : at->second.state;
    }
    [[nodiscard]] holdfast::token token() {
        const auto g = mine();
        return g ? g->token() : holdfast::token{};
    }
    [[nodiscard]] bool is_valid() {
        const auto g = mine();
        return g && driver_->remaining(*g) > base::duration::zero();
    }

private:
    struct held {
        std::shared_ptr<hold_state> state;
        lock_mode mode;
        std::size_t times = 1;
    };

    bool take_again() {
        if (driver_->is_forked()) {
            return false;
        }
        const std::lock_guard guard{mutex_};
        const auto at = held_.find(std::this_thread::get_id());
        if (at == held_.end()) {
            return false;
        }
        ++at->second.times;
        return true;
    }

    std::shared_ptr<driver> driver_;
    std::string name_;
    const bool counts_;
    std::mutex mutex_;
    std::map<std::thread::id, held> held_;
};

}  // namespace runtime

namespace {

constexpr auto alone = lock_mode::exclusive();
constexpr auto together = lock_mode::shared();
constexpr auto at_once = std::chrono::nanoseconds::zero();

}  // namespace

lock_error::lock_error(error why)
    : std::system_error{static_cast<int>(why.code), std::generic_category(), why.text},
      why_{std::move(why)} {}

// ---- thread_lockable

thread_lockable::thread_lockable(const peer& with, std::string name, relocking again)
    : holds_{std::make_unique<runtime::thread_holds>(with.driver_, std::move(name),
                                                     again == relocking::counts)} {}
thread_lockable::~thread_lockable() { runtime::thread_holds::end(std::move(holds_)); }

void thread_lockable::lock() { holds_->lock(alone); }
bool thread_lockable::try_lock() { return try_for(at_once); }
bool thread_lockable::try_for(std::chrono::nanoseconds wait) {
    return holds_->take(alone, wait).has_value();
}
void thread_lockable::unlock() { holds_->give_back(alone); }
void thread_lockable::lock_shared() { holds_->lock(together); }
bool thread_lockable::try_lock_shared() { return try_shared_for(at_once); }
bool thread_lockable::try_shared_for(std::chrono::nanoseconds wait) {
    return holds_->take(together, wait).has_value();
}
void thread_lockable::unlock_shared() { holds_->give_back(together); }
token thread_lockable::token() const { return holds_->token(); }
bool thread_lockable::is_valid() const { return holds_->is_valid(); }

// ---- what is public of it

mutex::mutex(const peer& with, std::string name) : thread_lockable{with, std::move(name)} {}
recursive_mutex::recursive_mutex(const peer& with, std::string name)
    : thread_lockable{with, std::move(name), relocking::counts} {}
shared_mutex::shared_mutex(const peer& with, std::string name)
    : thread_lockable{with, std::move(name)} {}

}  // namespace holdfast
