// Notices of the state of a lock after each change (WATCH-1).
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

/// The state of a lock, as its owner last reported.
struct lock_status {
    std::string name;
    /// The oldest, at most 16, without `held_for` and later fields.
    std::vector<lock_holder> holders;
    std::uint32_t holder_count = 0;  ///< all of them
    std::uint32_t waiting = 0;
};

/// A running observation: its callback is called while this lives. Move-only.
///
/// Its destruction waits for a call of the callback that is under way, unless it happens in that
/// very call. No call comes after it.
class HOLDFAST_EXPORT observation {
public:
    observation(observation&&) noexcept;
    observation& operator=(observation&&) noexcept;
    ~observation();

    void stop();  ///< the same as destruction

private:
    friend class election;
    friend class group;
    friend class peer;
    explicit observation(std::shared_ptr<runtime::observer> o);

    std::shared_ptr<runtime::observer> observer_;
};

}  // namespace holdfast
