#include <holdfast/election.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "peer/admin.hpp"
#include "peer/driver.hpp"

namespace holdfast {

result<void> term::hand_over(const peer_id& candidate) { return hold_.release_to(candidate); }

result<term> election::campaign(lock_options options) const {
    if (options.mode != lock_mode::exclusive()) {
        return fail(errc::bad_config, "mode: a term of an election is always exclusive");
    }
    auto got = driver_->acquire(name_, std::move(options));
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
        now.note = h.note;
        now.token = h.token;
        now.holder = h.peer;
    }
    return now;
}

}  // namespace

result<leader> election::current(std::chrono::nanoseconds wait) const {
    const auto seen = runtime::admin{*driver_}.inspect_certain(name_, wait);
    if (!seen) {
        return tl::unexpected<error>{seen.error()};
    }
    return leader_of(name_, seen->holders);
}

result<observation> election::observe(std::function<void(const leader&)> callback) const {
    // Others begin and cease to wait: that does not change the leader.
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

}  // namespace holdfast
