// The public classes over the driver.
#include <holdfast/holdfast.hpp>

#include <utility>

#include "peer/driver.hpp"

namespace holdfast {

// ---- peer

peer::peer(std::shared_ptr<runtime::driver> d) : driver_{std::move(d)} {}
peer::peer(peer&&) noexcept = default;

peer& peer::operator=(peer&& other) noexcept {
    if (this != &other) {
        peer ending{std::move(*this)};
        driver_ = std::move(other.driver_);
    }
    return *this;
}

peer::~peer() {
    if (driver_) {
        (void)driver_->leave(driver_->lease_length());
        driver_->stop();
    }
}

result<peer> peer::start(config options) {
    auto started = runtime::driver::start(std::move(options));
    if (!started) {
        return tl::unexpected<error>{started.error()};
    }
    return peer{std::move(*started)};
}

result<void> peer::wait_ready(std::chrono::nanoseconds wait, std::stop_token stop) const { return driver_->wait_ready(wait, stop); }
bool peer::is_ready() const { return driver_->is_ready(); }

result<hold> peer::lock(std::string_view name, acquire_options options) const {
    auto got = driver_->acquire(name, std::move(options));
    if (!got) {
        return tl::unexpected<error>{got.error()};
    }
    return hold{std::move(*got)};
}

result<void> peer::lock_async(std::string_view name, acquire_options options, std::function<void(result<hold>)> then) const {
    return driver_->acquire_later(name, std::move(options), [then = std::move(then)](result<std::shared_ptr<runtime::grip>> got) {
        then(got ? result<hold>{hold{std::move(*got)}} : tl::unexpected<error>{std::move(got.error())});
    });
}

std::future<result<hold>> peer::lock_future(std::string_view name, acquire_options options) const {
    const auto answer = std::make_shared<std::promise<result<hold>>>();
    auto told = answer->get_future();
    if (const auto asked = lock_async(name, std::move(options), [answer](result<hold> got) { answer->set_value(std::move(got)); }); !asked) {
        answer->set_value(tl::unexpected<error>{asked.error()});
    }
    return told;
}

result<hold> peer::try_lock(std::string_view name, acquire_options options) const {
    options.wait = std::chrono::nanoseconds::zero();
    return lock(name, std::move(options));
}

election peer::election(std::string_view name) const { return holdfast::election{driver_, std::string{name}}; }
result<void> peer::leave(std::optional<std::chrono::nanoseconds> wait) { return driver_->leave(wait); }
peer_id peer::id() const { return driver_->id(); }
const std::string& peer::name() const { return driver_->name(); }
endpoint peer::address() const { return driver_->address(); }
std::shared_ptr<const view> peer::view() const { return driver_->installed(); }
std::vector<known_peer> peer::members() const { return driver_->members(); }
result<member> peer::owner_of(std::string_view name) const { return driver_->owner_of(name); }
statistics peer::stats() const { return driver_->stats(); }

// ---- hold

hold::hold(std::shared_ptr<runtime::grip> g) : grip_{std::move(g)} {}
hold::hold(hold&&) noexcept = default;

hold& hold::operator=(hold&& other) noexcept {
    if (this != &other) {
        (void)release();
        grip_ = std::move(other.grip_);
    }
    return *this;
}

hold::~hold() { (void)release(); }

const std::string& hold::name() const {
    static const std::string none;
    return grip_ ? grip_->name() : none;
}
token hold::token() const { return grip_ ? grip_->token() : holdfast::token{}; }
bool hold::is_valid() const { return remaining() > std::chrono::nanoseconds::zero(); }
std::chrono::nanoseconds hold::remaining() const { return grip_ ? grip_->remaining() : std::chrono::nanoseconds::zero(); }
std::stop_token hold::lost() const { return grip_ ? grip_->lost_token() : std::stop_token{}; }
std::stop_token hold::at_risk() const { return grip_ ? grip_->at_risk_token() : std::stop_token{}; }
std::optional<errc> hold::why_lost() const { return grip_ ? grip_->why_lost() : std::nullopt; }
const previous_hold& hold::previous() const {
    static const previous_hold none;
    return grip_ ? grip_->before() : none;
}
void hold::mark_consistent() {
    if (grip_) {
        grip_->mark_consistent();
    }
}
result<void> hold::set_value(std::string value) {
    if (value.size() > base::limits::value) {
        return fail(errc::value_too_long, "a value for the next holder has at most 4096 bytes");
    }
    if (grip_) {
        grip_->leave_value(std::move(value));
    }
    return {};
}

result<void> hold::release() { return grip_ ? grip_->owner().release(*grip_) : result<void>{}; }

// ---- election

result<term> election::campaign(campaign_options options) const {
    auto got = driver_->acquire(name_, {options.wait, options.stop, std::move(options.value), std::move(options.on_lost)});
    if (!got) {
        return tl::unexpected<error>{got.error()};
    }
    return term{hold{std::move(*got)}};
}

result<observation> election::observe(std::function<void(const leader&)> callback) const {
    auto observing = driver_->observe(name_, std::move(callback));
    if (!observing) {
        return tl::unexpected<error>{observing.error()};
    }
    return observation{std::move(*observing)};
}

observation::observation(std::shared_ptr<runtime::observer> o) : observer_{std::move(o)} {}
observation::observation(observation&&) noexcept = default;

observation& observation::operator=(observation&& other) noexcept {
    if (this != &other) {
        stop();
        observer_ = std::move(other.observer_);
    }
    return *this;
}

observation::~observation() { stop(); }

void observation::stop() {
    if (observer_) {
        observer_->stop();
        observer_.reset();
    }
}

}  // namespace holdfast
