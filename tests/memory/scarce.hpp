// Memory that runs out when a test says so: the n-th allocation fails, once or from then on.
//
// scarce.cpp replaces the global operator new of the program that it is linked into. It takes from
// malloc, so that the sanitizers, which watch malloc, see what they see elsewhere.
#pragma once

#include <cstddef>

namespace memory {

enum class whose { this_thread, other_threads };
enum class lasting { once, for_good };

/// While one of these lives, allocations are counted, and the n-th (from 1) fails. One at a time.
class scarce {
public:
    explicit scarce(std::size_t nth, lasting how = lasting::once,
                    whose threads = whose::this_thread);
    ~scarce();
    scarce(const scarce&) = delete;
    scarce& operator=(const scarce&) = delete;

    /// There were that many allocations, so one has failed.
    [[nodiscard]] bool has_struck() const;
};

/// While one of these lives, the allocations of this thread neither count nor fail: what the test
/// itself does.
class spared {
public:
    spared();
    ~spared();
    spared(const spared&) = delete;
    spared& operator=(const spared&) = delete;
};

/// What this program has allocated and not freed: pieces.
[[nodiscard]] std::size_t pieces_in_use();

/// For an allocator that is not operator new (libuv's): counts as one allocation; true: it has to
/// fail.
[[nodiscard]] bool strikes();

}  // namespace memory
