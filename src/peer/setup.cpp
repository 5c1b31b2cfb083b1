#include "peer/setup.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "peer/addresses.hpp"
#include "peer/clock.hpp"
#include "peer/identity.hpp"
#include "peer/key.hpp"
#include "wire/codec.hpp"

namespace holdfast::runtime {
namespace {

tl::unexpected<error> in_field(std::string_view field, const error& why) {
    return fail(why.code, std::string{field} + ": " + why.text);
}

std::string host_and_process() {
    char host[64] = "peer";
    gethostname(host, sizeof host - 1);
    return std::string{host} + ":" + std::to_string(getpid());
}

result<void> look_up_addresses(setup& s) {
    const auto& c = s.options;
    auto seats = look_up_seats(c.seeds);
    if (!seats) {
        return in_field("seeds", seats.error());
    }
    const auto first = seats->empty() ? endpoint{} : seats->front();
    s.settings.seeds = std::move(*seats);
    std::sort(s.settings.seeds.begin(), s.settings.seeds.end());  // FOUND-2
    if (c.listen.empty()) {
        // `::`, which is IPv4 too
        s.transport.listen = c.seeds.empty() ? loopback(0) : endpoint{{}, default_port};
    } else {
        auto listen = resolve(c.listen, default_port);
        if (!listen) {
            return in_field("listen", listen.error());
        }
        s.transport.listen = *listen;
    }
    if (!c.advertise.empty()) {
        auto advertise = resolve(c.advertise, s.transport.listen.port);
        if (!advertise) {
            return in_field("advertise", advertise.error());
        }
        s.advertise = *advertise;
    } else if (!is_wildcard(s.transport.listen)) {
        s.advertise = s.transport.listen;
    } else if (c.seeds.empty()) {
        s.advertise = loopback(s.transport.listen.port);
    } else if (const auto own = own_address_towards(first)) {
        s.advertise = *own;
        s.advertise.port = s.transport.listen.port;
    } else {
        return fail(errc::bad_config,
                    "advertise: there is no way to " + to_string(first) +
                        " to take it from; name the address others reach this peer at");
    }
    return {};
}

result<void> read_key(setup& s) {
    const auto& c = s.options;
    if (c.key.empty() && c.key_file.empty()) {
        return {};
    }
    auto key = c.key.empty() ? read_key_file(c.key_file) : parse_key(c.key);
    if (!key) {
        return in_field(c.key.empty() ? "key_file" : "key", key.error());
    }
    s.transport.key = std::move(*key);
    return {};
}

void copy_times(setup& s) {
    const auto t = times_of(s.options);
    auto& to = s.settings;
    to.lease = s.transport.lease = t.lease;
    to.bootstrap_wait = t.bootstrap_wait;
    to.batch_wait = t.batch_wait;
    to.proposer_stagger = t.proposer_stagger;
    to.retry = t.retry;
    to.probe_period = t.probe_period;
    to.probe_timeout = t.probe_timeout;
    to.gossip_period = t.gossip_period;
    to.dead_probe_period = t.dead_probe_period;
    to.push_pull_period = t.push_pull_period;
}

}  // namespace

result<std::vector<endpoint>> look_up_seats(const std::vector<std::string>& seats) {
    std::vector<endpoint> out;
    for (const auto& text : seats) {
        auto seat = resolve(text, default_port);
        if (!seat) {
            return tl::unexpected{seat.error()};
        }
        out.push_back(*seat);
    }
    auto sorted = out;
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
        twice != sorted.end()) {
        return fail(errc::bad_config,
                    "two of them mean " + to_string(*twice) + "; name each seat once");
    }
    return out;
}

result<setup> prepare(config options) {
    if (auto checked = options.validate(); !checked) {
        return tl::unexpected{checked.error()};
    }
    setup s;
    s.options = std::move(options);
    auto& c = s.options;
    if (c.name.empty()) {
        c.name = host_and_process();
    }
    s.settings.cluster_name = s.transport.cluster_name = c.cluster;
    s.settings.name = c.name;
    s.settings.weight = c.weight;
    s.settings.built_at_s = released_at_s;
    s.settings.may_found = c.bootstrap == bootstrap_mode::allowed;
    s.settings.clock_drift = c.clock_drift;
    s.settings.operators = c.operators;
    s.settings.process = own_identity();
    s.settings.wire_version = wire::newest_version;
    if (c.work_outlives_process) {
        s.settings.process.machine = 0;  // CERT-4; its id is for people and fences
    }
    s.transport.max_frame = base::limits::frame;
    s.transport.max_datagram = base::limits::datagram;
    copy_times(s);
    if (auto done = look_up_addresses(s); !done) {
        return tl::unexpected{done.error()};
    }
    if (auto done = read_key(s); !done) {
        return tl::unexpected{done.error()};
    }
    if (!c.state_dir.empty()) {
        auto directory = state_dir::open(c.state_dir);
        if (!directory) {
            return tl::unexpected{directory.error()};
        }
        const auto known = directory->load();
        if (!known) {
            return tl::unexpected{known.error()};
        }
        s.settings.epochs = {*known, {}, *known};
        s.settings.keeps_epochs = true;
        s.records = directory->records().load();
        s.directory = std::move(*directory);
    }
    return s;
}

}  // namespace holdfast::runtime
