// The check at the guarded resource: lets a token in unless a conflicting newer one has been seen (DESIGN, Gate).
#pragma once

#include <algorithm>
#include <mutex>

#include <holdfast/token.hpp>

namespace holdfast {

/// Two marks: the highest exclusive token seen and the highest seen at all. Readers that hold a lock together have
/// different tokens, so one mark would turn the older of them away. Any thread may call.
class gate {
public:
    struct marks {
        token exclusive;
        token any;
    };

    gate() = default;
    /// Goes on from marks kept with the resource: a gate that forgets lets an old token in.
    explicit gate(marks seen) : seen_{seen} {}

    /// Whether what is done under exclusive token `t` may go ahead. The same token may enter again and again.
    [[nodiscard]] bool admit(token t) {
        const std::lock_guard guard{mutex_};
        if (t < seen_.any) {
            return false;
        }
        seen_.any = seen_.exclusive = t;
        return true;
    }
    /// The same for a shared hold.
    [[nodiscard]] bool admit_shared(token t) {
        const std::lock_guard guard{mutex_};
        if (t < seen_.exclusive) {
            return false;
        }
        seen_.any = std::max(seen_.any, t);
        return true;
    }
    [[nodiscard]] marks seen() const {
        const std::lock_guard guard{mutex_};
        return seen_;
    }

private:
    mutable std::mutex mutex_;
    marks seen_;
};

}  // namespace holdfast
