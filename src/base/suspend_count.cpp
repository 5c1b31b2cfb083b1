#include "base/suspend_count.hpp"

#include <algorithm>

#include "base/rule_effects.hpp"

namespace holdfast::base {
namespace {

constexpr int fastest_slew = 8;  // an eighth
// Who has a right reads its clocks more often.
constexpr duration longest_unread = std::chrono::seconds{3};

}  // namespace

moment suspend_count::note(const clock_reading& r, std::int64_t wall_s) {
    const auto now = ahead(r);
    if (r.raw >= read_at_) {  // else another thread has read and noted later clocks meanwhile
        const auto passed = r.raw - read_at_;
        if (now - counted_ > least_suspend) {
            // Where CLOCK_BOOTTIME or CLOCK_MONOTONIC is slewed without the other, which Linux does
            // not do, the difference grows, too, but a little all the time. That is counted like
            // any growth, for a short suspend looks the same. But it is no suspend each time.
            const auto slewed = std::min(passed, longest_unread) / fastest_slew;
            const bool is_step = now - read_ - slewed > least_suspend;
            if (is_step) {
                count(effect::now_2_counts);
            }
            suspended_ += now - counted_ + (is_step ? more_for_each : duration{});
            counted_ = now;
        } else if (r.width() <= close && counted_ - now > least_suspend) {
            counted_ = now;  // or a suspend later would be hidden by what was lost before
        }
        if (r.width() <= close || counted_ == now) {
            read_at_ = r.raw;
            read_ = now;
        }
    }
    return {time_point{r.raw}, wall_s, suspended_};
}

}  // namespace holdfast::base
