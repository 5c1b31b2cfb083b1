// The public classes over the driver.
#include <holdfast/holdfast.hpp>

#include <map>
#include <mutex>
#include <thread>
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

// ---- mutex

lock_error::lock_error(error why) : std::system_error{static_cast<int>(why.code), std::generic_category(), why.text}, why_{std::move(why)} {}

struct mutex::state {
    std::shared_ptr<runtime::driver> driver;
    std::string name;
    std::mutex guard;
    std::map<std::thread::id, std::shared_ptr<runtime::grip>> held;

    std::shared_ptr<runtime::grip> mine() {
        if (driver->is_forked()) {
            return nullptr;  // `guard` may be a thread's that is not here
        }
        const std::lock_guard lock{guard};
        const auto at = held.find(std::this_thread::get_id());
        return at == held.end() ? nullptr : at->second;
    }
    result<void> take(std::optional<std::chrono::nanoseconds> wait) {
        if (mine()) {
            return fail(errc::would_deadlock, "this thread has the mutex already");
        }
        auto got = driver->acquire(name, {wait, {}, {}, {}});
        if (!got) {
            return tl::unexpected<error>{got.error()};
        }
        const std::lock_guard lock{guard};
        held[std::this_thread::get_id()] = std::move(*got);
        return {};
    }
};

mutex::mutex(const peer& with, std::string name) : state_{std::make_unique<state>()} {
    state_->driver = with.driver_;
    state_->name = std::move(name);
}

mutex::~mutex() {
    if (state_->driver->is_forked()) {
        (void)state_.release();  // as the driver: perhaps in the midst of a change
        return;
    }
    for (const auto& [thread, g] : state_->held) {
        (void)state_->driver->release(*g);
    }
}

void mutex::lock() {
    if (auto taken = state_->take({}); !taken) {
        throw lock_error{taken.error()};
    }
}

bool mutex::try_lock() { return state_->take(std::chrono::nanoseconds::zero()).has_value(); }
bool mutex::try_for(std::chrono::nanoseconds wait) { return state_->take(wait).has_value(); }

void mutex::unlock() {
    if (const auto g = state_->mine()) {
        {
            const std::lock_guard lock{state_->guard};
            state_->held.erase(std::this_thread::get_id());
        }
        (void)state_->driver->release(*g);
    }
}

token mutex::token() const {
    const auto g = state_->mine();
    return g ? g->token() : holdfast::token{};
}

bool mutex::is_valid() const {
    const auto g = state_->mine();
    return g && g->remaining() > base::duration::zero();
}

}  // namespace holdfast
