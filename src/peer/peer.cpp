#include <holdfast/peer.hpp>

#include <functional>
#include <list>
#include <stop_token>
#include <utility>

#include "lock/multi_lock.hpp"
#include "peer/admin.hpp"
#include "peer/clock.hpp"
#include "peer/driver.hpp"
#include "peer/to_public.hpp"

namespace holdfast {

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
        (void)driver_->leave(driver_->settings().lease);
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

result<hold> peer::lock(std::string_view name, lock_options options) const {
    auto got = driver_->acquire(name, std::move(options));
    if (!got) {
        return tl::unexpected<error>{got.error()};
    }
    return hold{std::move(*got)};
}

result<void> peer::lock_async(std::string_view name, lock_options options,
                              std::function<void(result<hold>)> then) const {
    return driver_->acquire_later(
        name, std::move(options),
        [then = std::move(then)](result<std::shared_ptr<runtime::hold_state>> got) {
            then(got ? result<hold>{hold{std::move(*got)}}
                     : tl::unexpected<error>{std::move(got.error())});
        });
}

std::future<result<hold>> peer::lock_future(std::string_view name, lock_options options) const {
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

result<hold> peer::try_lock(std::string_view name, lock_options options) const {
    options.wait = std::chrono::nanoseconds::zero();
    return lock(name, std::move(options));
}

result<std::vector<hold>> peer::lock_all(std::vector<std::string> names,
                                         lock_options options) const {
    if (const auto twice = holdfast::lock::multi_lock::given_twice(names)) {
        return fail(errc::bad_config, "\"" + *twice + "\" is given twice");
    }
    const auto until =
        options.wait ? std::optional{runtime::deadline_after(*options.wait)} : std::nullopt;
    const bool is_try = options.wait && *options.wait <= std::chrono::nanoseconds::zero();
    holdfast::lock::multi_lock all{names};
    std::vector<std::optional<hold>> held(names.size());
    // A caller that has lost one of them waits for no other: meanwhile those that are left would be
    // kept from all others.
    const std::stop_source enough;
    const auto stop = [enough] { enough.request_stop(); };
    std::list<std::stop_callback<std::function<void()>>> on_stop;
    on_stop.emplace_back(options.stop, stop);
    std::optional<error> refused;
    while (const auto at = all.wanted()) {
        auto how = options;
        how.stop = enough.get_token();
        if (until) {
            how.wait = *until - runtime::raw_now();
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
result<lock_report> peer::inspect(std::string_view name, std::chrono::nanoseconds wait) const {
    return runtime::admin{*driver_}.inspect(name, wait);
}
result<lock_list> peer::locks(std::chrono::nanoseconds wait) const {
    return runtime::admin{*driver_}.list(wait);
}
result<break_outcome> peer::request_release(std::string_view name, holdfast::token token,
                                            break_options options) const {
    return runtime::admin{*driver_}.revoke(holdfast::lock::revoke_kind::request_release, name,
                                           token, std::move(options));
}
result<break_outcome> peer::break_hold(std::string_view name, holdfast::token token,
                                       break_options options) const {
    return runtime::admin{*driver_}.revoke(holdfast::lock::revoke_kind::break_hold, name, token,
                                           std::move(options));
}
result<void> peer::evict(const peer_id& whom, break_options options) const {
    return runtime::admin{*driver_}.evict(whom, std::move(options));
}
result<void> peer::force_new_cluster(const std::vector<std::string>& seats) const {
    return runtime::admin{*driver_}.force_new_cluster(seats);
}
result<audit_history> peer::audit_log(std::chrono::nanoseconds wait) const {
    return runtime::admin{*driver_}.audit_log(wait);
}
peer_id peer::id() const {
    return driver_->locked([](const node::node& n) { return n.self(); });
}
const std::string& peer::name() const { return driver_->settings().name; }
endpoint peer::address() const { return driver_->settings().address; }
std::shared_ptr<const view> peer::view() const {
    return driver_->locked([](const node::node& n) { return n.installed(); });
}
std::vector<other_cluster> peer::other_clusters() const {
    return driver_->locked([](const node::node& n) {
        std::vector<other_cluster> out;
        for (const auto& [id, r] : n.other_clusters()) {
            out.push_back({id, r.installed, r.seats});
        }
        return out;
    });
}
std::vector<known_peer> peer::members() const {
    return driver_->locked([](const node::node& n) { return runtime::known_peers(n); });
}
result<member> peer::owner_of(std::string_view name) const {
    if (driver_->is_forked()) {
        return fail(errc::shutting_down);
    }
    return driver_->locked([&](const node::node& n) -> result<member> {
        if (auto is_open = driver_->check_open(); !is_open) {
            return tl::unexpected<error>{is_open.error()};
        }
        const auto v = n.installed();
        const auto map = n.map();
        const auto* m = v && map ? v->find(map->owner_of(n.slot_of(name))) : nullptr;
        return m == nullptr ? result<member>{fail(errc::not_a_member)} : result<member>{*m};
    });
}
statistics peer::stats() const { return driver_->stats(); }

}  // namespace holdfast
