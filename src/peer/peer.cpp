// The public classes over the driver.
#include <holdfast/holdfast.hpp>

#include <algorithm>
#include <functional>
#include <list>
#include <stop_token>
#include <utility>

#include "lock/several.hpp"
#include "peer/clock.hpp"
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

result<void> peer::wait_ready(std::chrono::nanoseconds wait, std::stop_token stop) const {
    return driver_->wait_ready(wait, stop);
}
bool peer::is_ready() const { return driver_->is_ready(); }

result<hold> peer::lock(std::string_view name, acquire_options options) const {
    auto got = driver_->acquire(name, std::move(options));
    if (!got) {
        return tl::unexpected<error>{got.error()};
    }
    return hold{std::move(*got)};
}

result<void> peer::lock_async(std::string_view name, acquire_options options,
                              std::function<void(result<hold>)> then) const {
    return driver_->acquire_later(
        name, std::move(options),
        [then = std::move(then)](result<std::shared_ptr<runtime::grip>> got) {
            then(got ? result<hold>{hold{std::move(*got)}}
                     : tl::unexpected<error>{std::move(got.error())});
        });
}

std::future<result<hold>> peer::lock_future(std::string_view name, acquire_options options) const {
    const auto answer = std::make_shared<std::promise<result<hold>>>();
    auto told = answer->get_future();
    if (const auto asked =
            lock_async(name, std::move(options),
                       [answer](result<hold> got) { answer->set_value(std::move(got)); });
        !asked) {
        answer->set_value(tl::unexpected<error>{asked.error()});
    }
    return told;
}

result<hold> peer::try_lock(std::string_view name, acquire_options options) const {
    options.wait = std::chrono::nanoseconds::zero();
    return lock(name, std::move(options));
}

result<std::vector<hold>> peer::lock_all(std::vector<std::string> names,
                                         acquire_options options) const {
    if (const auto twice = holdfast::lock::several::given_twice(names)) {
        return fail(errc::bad_config, "\"" + *twice + "\" is given twice");
    }
    const auto until = options.wait
                           ? std::optional{runtime::boot_now() +
                                           std::clamp<std::chrono::nanoseconds>(
                                               *options.wait, std::chrono::nanoseconds::zero(),
                                               runtime::longest_wait)}
                           : std::nullopt;
    const bool is_try = options.wait && *options.wait <= std::chrono::nanoseconds::zero();
    holdfast::lock::several all{names};
    std::vector<std::optional<hold>> held(names.size());
    // Who has lost one of them waits for no other: those that are left would be kept from everybody
    // meanwhile.
    const std::stop_source enough;
    const auto stop = [enough] { enough.request_stop(); };
    std::list<std::stop_callback<std::function<void()>>> on_stop;
    on_stop.emplace_back(options.stop, stop);
    std::optional<error> refused;
    while (const auto at = all.wanted()) {
        auto how = options;
        how.stop = enough.get_token();
        if (until) {
            how.wait = *until - runtime::boot_now();
        }
        const bool is_over = !is_try && until && *how.wait <= std::chrono::nanoseconds::zero();
        auto got = is_over ? fail(errc::timed_out, "the others took all the time there was")
                           : lock(names[*at], std::move(how));
        if (got) {
            all.was_granted();
            on_stop.emplace_back(held[*at].emplace(std::move(*got)).lost(), stop);
        } else {
            all.was_refused();
            refused = error{got.error().code, "\"" + names[*at] + "\": " + got.error().text};
        }
    }
    for (const auto at : all.held()) {
        if (const auto why = held[at]->why_lost()) {
            all.was_lost(at);
            refused = error{*why, "\"" + names[at] + "\" was lost while others were waited for"};
        }
    }
    if (all.has_failed()) {
        // those that are held are released as `held` goes
        return tl::unexpected<error>{std::move(*refused)};
    }
    std::vector<hold> out;
    for (auto& h : held) {
        out.push_back(std::move(*h));
    }
    return out;
}

group peer::group(std::string_view name) const {
    return holdfast::group{driver_, std::string{name}};
}

result<observation> peer::watch(std::string_view name,
                                std::function<void(const lock_status&)> callback) const {
    auto observing = driver_->observe(std::string{name}, false, std::move(callback));
    if (!observing) {
        return tl::unexpected<error>{observing.error()};
    }
    return observation{std::move(*observing)};
}

election peer::election(std::string_view name) const {
    return holdfast::election{driver_, std::string{name}};
}
result<void> peer::leave(std::optional<std::chrono::nanoseconds> wait) {
    return driver_->leave(wait);
}
result<lock_report> peer::look(std::string_view name, std::chrono::nanoseconds wait) const {
    return driver_->look_at(name, wait);
}
result<lock_list> peer::locks(std::chrono::nanoseconds wait) const { return driver_->list(wait); }
result<break_outcome> peer::ask_back(std::string_view name, holdfast::token token,
                                     break_options options) const {
    return driver_->urge(holdfast::lock::urging::ask, name, token, std::move(options));
}
result<break_outcome> peer::break_hold(std::string_view name, holdfast::token token,
                                       break_options options) const {
    return driver_->urge(holdfast::lock::urging::break_it, name, token, std::move(options));
}
result<void> peer::evict(const peer_id& whom, break_options options) const {
    return driver_->evict(whom, std::move(options));
}
result<void> peer::force_view(const std::vector<std::string>& seats) const {
    return driver_->force_view(seats);
}
result<std::vector<record>> peer::history(std::chrono::nanoseconds wait) const {
    return driver_->history(wait);
}
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
std::chrono::nanoseconds hold::remaining() const {
    return grip_ ? grip_->remaining() : std::chrono::nanoseconds::zero();
}
std::stop_token hold::lost() const { return grip_ ? grip_->lost_token() : std::stop_token{}; }
std::stop_token hold::at_risk() const { return grip_ ? grip_->at_risk_token() : std::stop_token{}; }
std::stop_token hold::asked_back() const {
    return grip_ ? grip_->asked_back_token() : std::stop_token{};
}
void hold::progress() {
    if (grip_) {
        grip_->owner().progress(*grip_);
    }
}
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

result<void> hold::release_to(const peer_id& heir) {
    return grip_ ? grip_->owner().release(*grip_, heir) : result<void>{};
}

// ---- election

result<void> term::hand_over(const peer_id& candidate) { return hold_.release_to(candidate); }

result<term> election::campaign(campaign_options options) const {
    acquire_options how;
    how.wait = options.wait;
    how.stop = options.stop;
    how.note = std::move(options.value);
    how.on_lost = std::move(options.on_lost);
    how.priority = options.priority;
    auto got = driver_->acquire(name_, std::move(how));
    if (!got) {
        return tl::unexpected<error>{got.error()};
    }
    return term{hold{std::move(*got)}};
}

namespace {

leader leader_of(const std::string& election, const std::vector<lock_holder>& holders) {
    leader now{election, !holders.empty(), {}, {}, {}};
    if (now.exists) {
        const auto& h = holders.front();
        now.value = h.note;
        now.token = h.token;
        now.holder = h.peer;
    }
    return now;
}

/// What the owner says for certain, or why it cannot.
result<lock_report> certain(result<lock_report> seen) {
    if (seen && seen->state != slot_state::serving) {
        return fail(errc::timed_out, seen->explain());
    }
    return seen;
}

}  // namespace

result<leader> election::current(std::chrono::nanoseconds wait) const {
    const auto seen = certain(driver_->look_at(name_, wait));
    if (!seen) {
        return tl::unexpected<error>{seen.error()};
    }
    return leader_of(name_, seen->holders);
}

result<observation> election::observe(std::function<void(const leader&)> callback) const {
    // Others begin and cease to wait: that is no news of the leader.
    auto observing =
        driver_->observe(name_, false,
                         [callback = std::move(callback),
                          last = std::optional<leader>{}](const lock_status& s) mutable {
                             auto now = leader_of(s.name, s.holders);
                             if (!last || last->exists != now.exists || last->token != now.token) {
                                 last = now;
                                 callback(now);
                             }
                         });
    if (!observing) {
        return tl::unexpected<error>{observing.error()};
    }
    return observation{std::move(*observing)};
}

// ---- group

namespace {

std::vector<group_entry> members_of(const std::vector<lock_holder>& holders) {
    std::vector<group_entry> out;
    for (const auto& h : holders) {
        out.push_back({h.peer, h.peer_name, h.note, h.token, h.seems});
    }
    return out;
}

/// Those of `all` that are not among `others`.
std::vector<group_entry> without(const std::vector<group_entry>& all,
                                 const std::vector<group_entry>& others) {
    std::vector<group_entry> out;
    for (const auto& m : all) {
        if (std::none_of(others.begin(), others.end(),
                         [&](const group_entry& o) { return o.token == m.token; })) {
            out.push_back(m);
        }
    }
    return out;
}

}  // namespace

result<membership> group::join(join_options options) const {
    acquire_options how;
    how.wait = options.wait;
    how.stop = options.stop;
    how.note = std::move(options.note);
    how.on_lost = std::move(options.on_lost);
    how.mode = lock_mode::shared();
    auto got = driver_->acquire(name_, std::move(how));
    if (!got) {
        return tl::unexpected<error>{got.error()};
    }
    return membership{hold{std::move(*got)}};
}

result<std::vector<group_entry>> group::members(std::chrono::nanoseconds wait) const {
    const auto seen = certain(driver_->look_at(name_, wait));
    if (!seen) {
        return tl::unexpected<error>{seen.error()};
    }
    return members_of(seen->holders);
}

result<observation> group::watch(std::function<void(const group_change&)> callback) const {
    auto observing = driver_->observe(
        name_, true,
        [callback = std::move(callback),
         last = std::optional<std::vector<group_entry>>{}](const lock_status& s) mutable {
            group_change now{s.name, {}, {}, members_of(s.holders)};
            const auto before = last.value_or(std::vector<group_entry>{});
            now.joined = without(now.members, before);
            now.left = without(before, now.members);
            const bool is_news = !last || !now.joined.empty() || !now.left.empty();
            last = now.members;
            if (is_news) {
                callback(now);
            }
        });
    if (!observing) {
        return tl::unexpected<error>{observing.error()};
    }
    return observation{std::move(*observing)};
}

// ---- watching

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
