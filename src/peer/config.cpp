#include <holdfast/config.hpp>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/settings.hpp"
#include "peer/addresses.hpp"
#include "peer/key.hpp"

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using milliseconds = std::chrono::milliseconds;

config_times defaults_of(profile p) {
    switch (p) {
        case profile::local:
            return {1s, 300ms, 20ms, 30ms, 50ms, 100ms, 50ms, 50ms, 1s, 5s};
        case profile::wan:
            return {12s, 6s, 400ms, 600ms, 600ms, 3s, 1500ms, 500ms, 8s, 60s};
        case profile::lan:
            break;
    }
    return {4s, 3s, 100ms, 150ms, 200ms, 1s, 500ms, 200ms, 4s, 30s};
}

tl::unexpected<error> bad(std::string_view field, std::string_view why) {
    return fail(errc::bad_config, std::string{field} + ": " + std::string{why});
}

std::string quoted(std::string_view text) { return "\"" + std::string{text} + "\""; }

result<void> check_address(std::string_view field, const std::string& text, bool may_be_port_0) {
    const auto parts = runtime::split_address(text);
    if (!parts) {
        return bad(field, quoted(text) + " is no address; write HOST:PORT or [IPv6]:PORT");
    }
    if (!may_be_port_0 && parts->port == 0) {
        return bad(field, quoted(text) + " has port 0; the others need a port to reach it at");
    }
    return {};
}

result<void> check_addresses(const config& c) {
    if (!c.listen.empty()) {
        if (auto checked = check_address("listen", c.listen, true); !checked) {
            return checked;
        }
    }
    if (!c.advertise.empty()) {
        if (auto checked = check_address("advertise", c.advertise, false); !checked) {
            return checked;
        }
    }
    std::set<std::string> seen;
    for (const auto& seed : c.seeds) {
        if (auto checked = check_address("seeds", seed, false); !checked) {
            return checked;
        }
        const auto parts = runtime::split_address(seed);
        if (!seen.insert(parts->host + ' ' + std::to_string(parts->port.value_or(default_port)))
                 .second) {
            return bad("seeds", quoted(seed) + " is there twice; name each seat once");
        }
    }
    if (!c.seeds.empty() && (c.seeds.size() % 2 == 0 || c.seeds.size() > base::limits::seats)) {
        return bad("seeds",
                   "there are " + std::to_string(c.seeds.size()) +
                       "; a cluster has 1, 3, 5 or 7 seats (an even number rides out no more "
                       "failures than the odd one below it)");
    }
    return {};
}

result<void> check_key(const config& c) {
    if (!c.key.empty() && !c.key_file.empty()) {
        return bad("key", "key and key_file are both set; one of them is enough");
    }
    if (!c.key.empty()) {
        if (auto parsed = runtime::parse_key(c.key); !parsed) {
            return bad("key", parsed.error().text);
        }
    }
    const bool has_key = !c.key.empty() || !c.key_file.empty();
    if (c.insecure && has_key) {
        return bad("insecure", "is set together with a key; take one of them away");
    }
    if (!has_key && !c.insecure && c.profile != profile::local) {
        return bad("key",
                   "is missing; set key or key_file (32 random bytes, the same on every peer), or "
                   "insecure on a network that no stranger "
                   "can send to");
    }
    return {};
}

result<void> check_times(const config& c) {
    const auto times = times_of(c);
    const auto shown = [](milliseconds t) { return std::to_string(t.count()) + " ms"; };
    struct field {
        std::string_view name;
        milliseconds value;
        milliseconds least;
        milliseconds most;
    };
    const field fields[] = {
        {"lease", times.lease, 1s, 10min},
        {"bootstrap_wait", times.bootstrap_wait, 1ms, 10min},
        {"batch_wait", times.batch_wait, 1ms, 1min},
        {"proposer_stagger", times.proposer_stagger, 1ms, 1min},
        {"retry", times.retry, 1ms, times.lease},
        {"probe_period", times.probe_period, 1ms, 1min},
        {"probe_timeout", times.probe_timeout, 1ms, times.probe_period - 1ms},
        {"gossip_period", times.gossip_period, 1ms, 1min},
        {"dead_probe_period", times.dead_probe_period, 1ms, 10min},
        {"push_pull_period", times.push_pull_period, 1ms, 60min},
    };
    for (const auto& f : fields) {
        if (f.value < f.least || f.value > f.most) {
            return bad(f.name, shown(f.value) + " is outside " + shown(f.least) + " to " +
                                   shown(f.most) +
                                   (f.name == "probe_timeout" ? " (below probe_period)"
                                    : f.name == "retry"       ? " (the lease)"
                                                              : ""));
        }
    }
    return {};
}

}  // namespace

config_times times_of(const config& c) {
    auto t = defaults_of(c.profile);
    t.lease = c.lease.value_or(t.lease);
    t.bootstrap_wait = c.bootstrap_wait.value_or(t.bootstrap_wait);
    t.batch_wait = c.batch_wait.value_or(t.batch_wait);
    t.proposer_stagger = c.proposer_stagger.value_or(t.proposer_stagger);
    t.retry = c.retry.value_or(t.retry);
    t.probe_period = c.probe_period.value_or(t.probe_period);
    t.probe_timeout = c.probe_timeout.value_or(t.probe_timeout);
    t.gossip_period = c.gossip_period.value_or(t.gossip_period);
    t.dead_probe_period = c.dead_probe_period.value_or(t.dead_probe_period);
    t.push_pull_period = c.push_pull_period.value_or(t.push_pull_period);
    return t;
}

config config::local() { return {.profile = profile::local}; }
config config::lan() { return {.profile = profile::lan}; }
namespace {

result<void> check_policies(const config& c) {
    if (c.break_policy.waited_for.count() < 0 ||
        c.break_policy.waited_for > base::limits::patience) {
        return bad("break_policy", "waits from 0 to a year");
    }
    if (c.lock_delay.count() < 0 || c.lock_delay > base::limits::lock_delay) {
        return bad("lock_delay",
                   std::to_string(c.lock_delay.count()) + " ms is outside 0 to 60000 ms");
    }
    for (const auto& who : c.operators) {
        if (who.empty() || who.size() > base::limits::who) {
            return bad("operators",
                       "a name has 1 to " + std::to_string(base::limits::who) + " bytes");
        }
    }
    return {};
}

}  // namespace

config config::wan() { return {.profile = profile::wan}; }

result<void> config::validate() const {
    constexpr std::uint32_t max_weight = 1000;
    if (name.size() > base::limits::member_name) {
        return bad("name", "has " + std::to_string(name.size()) + " bytes; at most " +
                               std::to_string(base::limits::member_name));
    }
    if (auto checked = check_addresses(*this); !checked) {
        return checked;
    }
    if (cluster.empty() || cluster.size() > base::limits::member_name) {
        return bad("cluster", "needs 1 to " + std::to_string(base::limits::member_name) + " bytes");
    }
    if (auto checked = check_key(*this); !checked) {
        return checked;
    }
    if (weight > max_weight) {
        return bad("weight", std::to_string(weight) + " is above " + std::to_string(max_weight));
    }
    if (max_requests == 0) {
        return bad("max_requests", "is 0: no lock could be asked for");
    }
    if (!(clock_drift > 0 && clock_drift <= 0.1)) {
        return bad("clock_drift", std::to_string(clock_drift) + " is outside 0 (excluded) to 0.1");
    }
    if (auto checked = check_policies(*this); !checked) {
        return checked;
    }
    return check_times(*this);
}

}  // namespace holdfast
