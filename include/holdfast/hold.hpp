// A held lock.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <holdfast/error.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

namespace detail {
struct hold_state;
}

/// A lock this process holds. Move-only; dropping it releases the lock. It may outlive its peer: it is then lost.
///
/// It stays valid for as long as the peer's lease runs, which the library renews in the background without a message
/// for each lock. All questions are answered here, without I/O, from the boot-time clock as it is when asked.
/// One hold is for one thread at a time, except for `lost()` and `at_risk()`, whose tokens any thread may keep.
class hold {
public:
    hold() = default;
    explicit hold(std::shared_ptr<detail::hold_state> state);
    ~hold();
    hold(hold&& other) noexcept;
    hold& operator=(hold&& other) noexcept;
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;

    [[nodiscard]] const std::string& name() const;
    /// Greater than that of every earlier hold of this lock (FENCE). Give it to what the lock guards.
    [[nodiscard]] holdfast::token token() const;

    /// HOLD-2: held, not released, not lost, the lease running now.
    [[nodiscard]] bool is_valid() const;
    explicit operator bool() const { return is_valid(); }
    /// For how long it is certain, if nothing is heard any more. Zero when it is not valid.
    [[nodiscard]] std::chrono::nanoseconds remaining() const;

    /// Stop is requested when the hold has ended without a release; `why_lost` then says why. A callback on it runs on
    /// the peer's callback thread.
    [[nodiscard]] std::stop_token lost() const;
    /// Stop is requested when the lease is late to be renewed: at least two fifths of it are left to finish or to undo.
    [[nodiscard]] std::stop_token at_risk() const;
    [[nodiscard]] std::optional<error> why_lost() const;

    /// Gives the lock up; takes effect here at once and reaches the owner with the next packet. Returns whether it was
    /// valid until now. A second call does nothing and returns false.
    bool release();

private:
    std::shared_ptr<detail::hold_state> state_;
};

}  // namespace holdfast
