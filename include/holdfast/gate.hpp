// The check at the guarded resource: a token is let in unless a newer one was let in before.
//
// A holder that was paused does not know that another may hold its lock by now. The resource that
// it writes to can know. Keep one gate for each guarded thing, beside the thing, and give it the
// token of the hold with every access. A gate that has let a token in refuses every conflicting
// token that was granted before it, whatever clocks do (FENCE).
//
// - Use one gate for the tokens of one lock. Tokens of different locks have no order.
// - Header only, without the rest of the library: it needs nothing to link.
#pragma once

#include <algorithm>
#include <mutex>
#include <utility>

#include <holdfast/token.hpp>

namespace holdfast {

/// How a hold was granted: alone, or together with other shared ones.
enum class access { exclusive, shared };

/// Any thread may call.
class gate {
public:
    /// What a gate remembers. Store it with the resource where that outlives the process.
    struct marks {
        token exclusive;  ///< the highest exclusive token let in (W)
        token any;        ///< the highest token let in (M)
        bool operator==(const marks&) const = default;
    };

    gate() = default;
    explicit gate(const marks& remembered) : marks_{remembered} {}

    /// Whether `t` may pass. If so, older conflicting tokens may not pass from now on. A nil token
    /// never passes.
    ///
    /// The answer is about this moment. Access the guarded thing under the same exclusion (`run`):
    /// otherwise an older access that was let in before may still be on its way.
    [[nodiscard]] bool admit(token t, access how = access::exclusive) {
        const std::lock_guard guard{mutex_};
        return pass(t, how);
    }

    /// Runs `action` if `t` may pass, and lets no other access in meanwhile. False: the token was
    /// refused and `action` was not run.
    template <class Action>
    [[nodiscard]] bool run(token t, access how, Action&& action) {
        const std::lock_guard guard{mutex_};
        if (!pass(t, how)) {
            return false;
        }
        std::forward<Action>(action)();
        return true;
    }
    template <class Action>
    [[nodiscard]] bool run(token t, Action&& action) {
        return run(t, access::exclusive, std::forward<Action>(action));
    }

    [[nodiscard]] marks seen() const {
        const std::lock_guard guard{mutex_};
        return marks_;
    }

private:
    bool pass(token t, access how) {
        if (t.value <= 0 || t < (how == access::exclusive ? marks_.any : marks_.exclusive)) {
            return false;
        }
        if (how == access::exclusive) {
            marks_.exclusive = t;  // t >= any >= exclusive
        }
        marks_.any = std::max(marks_.any, t);
        return true;
    }

    mutable std::mutex mutex_;
    marks marks_;
};

}  // namespace holdfast
