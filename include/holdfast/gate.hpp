// The check at the guarded resource: lets a token in unless a newer one has been seen (DESIGN
// section 7, Gate).
//
// A holder that was paused does not know that its lock is another's by now; the resource it writes
// to can know. Keep one gate for each guarded thing, beside the thing, and show it the token of the
// hold with every access. FENCE: a gate that has let a token in refuses every conflicting one that
// was granted before it, whatever clocks do.
//
// Header only, without the rest of the library: link nothing to use it. Tokens of one lock only;
// those of different locks have no order.
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

    /// Whether `t` may pass; if so, older conflicting ones may not from now on. The answer is about
    /// this moment: do what it guards under the same exclusion (`run`), or an older access let in
    /// before may still be on its way. A nil token never passes.
    [[nodiscard]] bool admit(token t, access how = access::exclusive) {
        const std::lock_guard guard{mutex_};
        return pass(t, how);
    }

    /// Runs `action` if `t` may pass, and lets no other access in meanwhile. False: refused,
    /// `action` was not run.
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
