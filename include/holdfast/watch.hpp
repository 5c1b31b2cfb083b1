// Being told how a lock stands, whenever that changes (WATCH-1).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <holdfast/export.hpp>
#include <holdfast/lock_report.hpp>

namespace holdfast {

namespace runtime {
class observer;
}

/// How a lock stands, as its owner last told.
struct lock_status {
    std::string name;
    /// the oldest, at most 16; without `held_for` and what follows it
    std::vector<lock_holder> holders;
    std::uint32_t holder_count = 0;  ///< all of them
    std::uint32_t waiting = 0;
};

/// While it lives, its callback is called. Move-only. Its destruction waits for a call that is
/// under way, unless it happens in that very call; none comes after it.
class HOLDFAST_EXPORT observation {
public:
    observation(observation&&) noexcept;
    observation& operator=(observation&&) noexcept;
    ~observation();

    void stop();  ///< as destruction

private:
    friend class election;
    friend class group;
    friend class peer;
    explicit observation(std::shared_ptr<runtime::observer> o);

    std::shared_ptr<runtime::observer> observer_;
};

}  // namespace holdfast
