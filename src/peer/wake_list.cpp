#include "peer/wake_list.hpp"

#include <new>
#include <utility>

namespace holdfast::runtime {

void wake_list::add(entry e) noexcept {
    try {
        entries_.push_back(std::move(e));
    } catch (const std::bad_alloc&) {
        wake(e);  // under the mutex, which it will wait for; but it must be woken
    }
}

void wake_list::wake(const entry& e) noexcept {
    if (e.state != nullptr) {
        e.state->store(call::answered, std::memory_order_release);
    }
    if (e.reading) {
        e.reading->wake();
    } else {
        wake_sleeper(e.state);
    }
}

void wake_list::run() {
    for (const auto& e : entries_) {
        wake(e);
    }
    entries_.clear();
}

}  // namespace holdfast::runtime
