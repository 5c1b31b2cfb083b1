#include "scarce.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace memory {
namespace {

constexpr std::size_t never = SIZE_MAX;

std::atomic<std::size_t> fails_at{never};
std::atomic<std::size_t> counted{0};
std::atomic<bool> is_for_good{false};
std::atomic<bool> is_about_others{false};
std::atomic<std::ptrdiff_t> in_use{0};
thread_local bool is_owner = false;  // of the present `scarce`
thread_local int spares = 0;

}  // namespace

scarce::scarce(std::size_t nth, lasting how, whose threads) {
    counted = 0;
    is_for_good = how == lasting::for_good;
    is_about_others = threads == whose::other_threads;
    is_owner = true;
    fails_at = nth;
}

scarce::~scarce() {
    fails_at = never;
    is_owner = false;
}

bool scarce::has_struck() const { return counted >= fails_at; }

spared::spared() { ++spares; }
spared::~spared() { --spares; }

std::size_t pieces_in_use() { return static_cast<std::size_t>(in_use.load()); }

bool strikes() {
    const auto nth = fails_at.load();
    if (nth == never || spares > 0 || is_owner == is_about_others) {
        return false;
    }
    const auto number = ++counted;
    return number == nth || (number > nth && is_for_good);
}

}  // namespace memory

namespace {

void* taken(std::size_t size) noexcept {
    void* const p = memory::strikes() ? nullptr : std::malloc(size);
    if (p != nullptr) {
        ++memory::in_use;
    }
    return p;
}

void* taken_or_thrown(std::size_t size) {
    void* const p = taken(size);
    if (p == nullptr) {
        throw std::bad_alloc{};
    }
    return p;
}

void declined(void* p) noexcept {
    if (p != nullptr) {
        --memory::in_use;
        std::free(p);
    }
}

}  // namespace

void* operator new(std::size_t size) { return taken_or_thrown(size); }
void* operator new[](std::size_t size) { return taken_or_thrown(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return taken(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return taken(size); }
void operator delete(void* p) noexcept { declined(p); }
void operator delete[](void* p) noexcept { declined(p); }
void operator delete(void* p, std::size_t) noexcept { declined(p); }
void operator delete[](void* p, std::size_t) noexcept { declined(p); }
