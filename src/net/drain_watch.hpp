// Whether what is sent on a stream still arrives (LOAD-4).
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace holdfast::net {

class drain_watch {
public:
    /// `acknowledged`: bytes that the other end's system has, since the stream was made.
    /// `has_drained`: it has all.
    void look(std::uint64_t acknowledged, bool has_drained, base::time_point now) {
        if (has_drained) {
            stuck_since_.reset();
        } else if (!stuck_since_ || acknowledged != acknowledged_) {
            stuck_since_ = now;
        }
        acknowledged_ = acknowledged;
        looked_ = now;
    }
    [[nodiscard]] bool is_due(base::duration every, base::time_point now) const {
        return !looked_ || now - *looked_ >= every;
    }
    /// For how long nothing has arrived, though there was something; as far as it was looked at.
    [[nodiscard]] base::duration stuck_for(base::time_point now) const {
        return stuck_since_ ? now - *stuck_since_ : base::duration::zero();
    }

private:
    std::uint64_t acknowledged_ = 0;
    std::optional<base::time_point> looked_;
    std::optional<base::time_point> stuck_since_;
};

}  // namespace holdfast::net
