#include "peer/fork_guard.hpp"

#include <pthread.h>

#include <atomic>

namespace holdfast::runtime {
namespace {

std::atomic<unsigned> forks{0};

const bool is_registered = [] {
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
    return true;
}();

}  // namespace

unsigned fork_count() { return is_registered ? forks.load(std::memory_order_relaxed) : 0; }

}  // namespace holdfast::runtime
