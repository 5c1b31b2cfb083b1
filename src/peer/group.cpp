#include <holdfast/group.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "peer/admin.hpp"
#include "peer/driver.hpp"

namespace holdfast {

namespace {

std::vector<group_entry> members_of(const std::vector<lock_holder>& holders) {
    std::vector<group_entry> out;
    for (const auto& h : holders) {
        out.push_back({h.peer, h.peer_name, h.note, h.token, h.liveness});
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

result<membership> group::join(lock_options options) const {
    if (options.mode.how == lock_mode::kind::permit) {
        return fail(errc::bad_config, "mode: members of a group hold it shared, without a limit");
    }
    options.mode = lock_mode::shared();
    auto got = driver_->acquire(name_, std::move(options));
    if (!got) {
        return tl::unexpected<error>{got.error()};
    }
    return membership{hold{std::move(*got)}};
}

result<std::vector<group_entry>> group::members(std::chrono::nanoseconds wait) const {
    const auto seen = runtime::admin{*driver_}.inspect_certain(name_, wait);
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

}  // namespace holdfast
