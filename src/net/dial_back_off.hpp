// When an address that could not be connected to may be dialled again.
#pragma once

#include <cstddef>
#include <map>

#include <holdfast/ids.hpp>

#include "base/time.hpp"

namespace holdfast::net {

class dial_back_off {
public:
    static constexpr base::duration first = std::chrono::milliseconds{50};
    static constexpr base::duration longest = std::chrono::seconds{1};

    [[nodiscard]] bool may_dial(const endpoint& at, base::time_point now) const;
    /// The next attempt waits twice as long as the one before it.
    void has_failed(const endpoint& at, base::time_point now);
    void has_succeeded(const endpoint& at) { waits_.erase(at); }

private:
    // With more, all are forgotten: dialling a few times too often costs less than the memory.
    static constexpr std::size_t most = 4096;
    struct wait {
        base::time_point until{};
        base::duration length{};
    };
    std::map<endpoint, wait> waits_;
};

}  // namespace holdfast::net
