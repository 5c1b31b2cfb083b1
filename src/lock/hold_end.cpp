#include "lock/hold_end.hpp"

#include <utility>

#include "base/assert.hpp"

namespace holdfast::lock {

std::optional<hold_end> end_of(const release& done) {
    auto value = done.gives_value ? std::optional{done.value} : std::nullopt;
    switch (done.how) {
        case ending::declined:
            return std::nullopt;
        case ending::released:
            return hold_end{end_reason::released, done.is_consistent, std::move(value)};
        case ending::expired:
            return hold_end{end_reason::expired, done.is_consistent, std::move(value)};
        case ending::broken:
            return hold_end{end_reason::broken, done.is_consistent, std::move(value)};
    }
    return std::nullopt;
}

previous_hold remembered_after(const granted_hold& h, hold_end how, previous_hold before) {
    HOLDFAST_ASSERT(h.what.terms.mode.how == lock_mode::kind::exclusive);
    HOLDFAST_ASSERT(how.how != end_reason::none && how.how != end_reason::unknown);
    if (how.how == end_reason::released && !how.is_consistent) {
        // It was told what had become of its predecessor, and has not said that all is well: so
        // will the next be told.
        before.value = std::move(how.value).value_or(before.value);
        // We may know nothing of that: then the owner that told it has taken what it knew along.
        before.how = before.is_clean() ? end_reason::unknown : before.how;
        return before;
    }
    return {how.how,       h.what.token,      h.what.holder,
            h.holder_name, h.what.terms.note, std::move(how.value).value_or(before.value)};
}

}  // namespace holdfast::lock
