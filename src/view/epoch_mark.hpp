// DISK-1: how far the mark in the state_dir reaches, and when a higher one is written.
#pragma once

#include <optional>

#include <holdfast/ids.hpp>

#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"

namespace holdfast::views {

class epoch_mark {
public:
    explicit epoch_mark(const base::settings& settings)
        : settings_{settings}, written_{settings.epochs.written} {}

    /// A restart would know of an epoch that is not below this one; without a state_dir it is not
    /// asked to.
    [[nodiscard]] bool covers(epoch e) const;
    /// `agreed` is to be accepted, or was installed. The mark to write, if that is wanted now.
    [[nodiscard]] std::optional<epoch> wants(epoch agreed, base::moment now);
    void written(epoch mark);

    /// True once a write has taken long, and then once in a minute.
    [[nodiscard]] bool must_complain(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] epoch on_disk() const { return written_; }

private:
    friend struct explore::state_access;

    const base::settings& settings_;
    epoch written_;
    epoch asked_;  // to be written, if above
    base::time_point complains_at_{};
};

}  // namespace holdfast::views
