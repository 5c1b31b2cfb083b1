#include <holdfast/hold.hpp>

#include <utility>

#include "base/settings.hpp"
#include "peer/driver.hpp"
#include "peer/hold_state.hpp"

namespace holdfast {

hold::hold(std::shared_ptr<runtime::hold_state> state) : state_{std::move(state)} {}
hold::hold(hold&&) noexcept = default;

hold& hold::operator=(hold&& other) noexcept {
    if (this != &other) {
        (void)release();
        state_ = std::move(other.state_);
    }
    return *this;
}

hold::~hold() { (void)release(); }

const std::string& hold::name() const {
    static const std::string none;
    return state_ ? state_->name() : none;
}
token hold::token() const { return state_ ? state_->token() : holdfast::token{}; }
bool hold::is_valid() const { return remaining() > std::chrono::nanoseconds::zero(); }
std::chrono::nanoseconds hold::remaining() const {
    return state_ ? state_->owner().remaining(*state_) : std::chrono::nanoseconds::zero();
}
std::stop_token hold::lost() const { return state_ ? state_->lost_token() : std::stop_token{}; }
std::stop_token hold::at_risk() const {
    return state_ ? state_->owner().at_risk(*state_) : std::stop_token{};
}
std::stop_token hold::release_requested() const {
    return state_ ? state_->asked_back_token() : std::stop_token{};
}
void hold::progress() {
    if (state_) {
        state_->owner().progress(*state_);
    }
}
std::optional<errc> hold::why_lost() const {
    return state_ ? state_->owner().why_lost(*state_) : std::nullopt;
}
const previous_hold& hold::previous() const {
    static const previous_hold none;
    return state_ ? state_->before() : none;
}
void hold::mark_consistent() {
    if (state_) {
        state_->mark_consistent();
    }
}
result<void> hold::set_value(std::string value) {
    if (value.size() > base::limits::value) {
        return fail(errc::value_too_long, "a value for the next holder has at most 4096 bytes");
    }
    if (state_) {
        state_->set_value(std::move(value));
    }
    return {};
}

result<void> hold::release() { return state_ ? state_->owner().release(*state_) : result<void>{}; }

result<void> hold::release_to(const peer_id& heir) {
    return state_ ? state_->owner().release(*state_, heir) : result<void>{};
}

}  // namespace holdfast
