#include "options.hpp"

#include <sstream>

namespace holdfast_tool {

std::optional<std::chrono::nanoseconds> duration_of(const std::string& text) {
    std::size_t used = 0;
    double number = 0;
    try {
        number = std::stod(text, &used);
    } catch (const std::exception&) {
        return std::nullopt;
    }
    const auto unit = text.substr(used);
    const double seconds = unit == "ms"                  ? 1e-3
                           : unit == "s" || unit.empty() ? 1
                           : unit == "m"                 ? 60
                           : unit == "h"                 ? 3600
                                                         : -1;
    if (seconds < 0 || !(number >= 0 && number * seconds < 1e9)) {
        return std::nullopt;
    }
    return std::chrono::nanoseconds{static_cast<std::int64_t>(number * seconds * 1e9)};
}

void common::add_to(CLI::App& command) {
    command.add_option("--listen", listen, "where to listen (light peers: a free port)")
        ->type_name("HOST:PORT")
        ->envname("HOLDFAST_LISTEN");
    command.add_option("--seeds", seeds, "the seats' addresses, with commas between")
        ->type_name("ADDRESSES")
        ->envname("HOLDFAST_SEEDS");
    command.add_option("--cluster", cluster, "the cluster's name")
        ->type_name("NAME")
        ->capture_default_str()
        ->envname("HOLDFAST_CLUSTER");
    command.add_option("--name", name, "this peer's name, for people")
        ->type_name("NAME")
        ->envname("HOLDFAST_NAME");
    command.add_option("--profile", profile, "how long things take there")
        ->type_name("PROFILE")
        ->capture_default_str()
        ->envname("HOLDFAST_PROFILE")
        ->check(CLI::IsMember({"local", "lan", "wan"}));
    command.add_option("--key-file", key_file, "a file with the cluster's key")
        ->type_name("FILE")
        ->envname("HOLDFAST_KEY_FILE");
    command.add_flag("--insecure", insecure, "no key outside the local profile")
        ->envname("HOLDFAST_INSECURE");
    command.add_option("--control", control, "the agent's control socket")
        ->type_name("FILE")
        ->envname("HOLDFAST_CONTROL");
    command.add_option("--join-wait", join_wait, "how long to look for the cluster (light peers)")
        ->type_name("DURATION")
        ->capture_default_str()
        ->envname("HOLDFAST_JOIN_WAIT")
        ->check([](const std::string& text) {
            return duration_of(text) ? std::string{}
                                     : "\"" + text + "\" is no duration; write 10s or 500ms";
        });
}

holdfast::config common::make(bool is_light) const {
    holdfast::config c;
    c.name = name;
    std::istringstream list{seeds};
    for (std::string one; std::getline(list, one, ',');) {
        c.seeds.push_back(one);
    }
    c.cluster = cluster;
    c.profile = profile == "local" ? holdfast::profile::local
                : profile == "wan" ? holdfast::profile::wan
                                   : holdfast::profile::lan;
    c.key_file = key_file;
    c.insecure = insecure;
    c.light = is_light;
    c.listen = listen;
    if (c.listen.empty() && is_light) {
        c.listen = c.profile == holdfast::profile::local ? "127.0.0.1:0" : "0.0.0.0:0";
    }
    return c;
}

holdfast::result<holdfast::peer> common::join(holdfast::config as, std::stop_token stop) const {
    auto p = holdfast::peer::start(std::move(as));
    if (p) {
        if (const auto ready = p->wait_ready(*duration_of(join_wait), std::move(stop)); !ready) {
            return tl::unexpected{ready.error()};
        }
    }
    return p;
}

}  // namespace holdfast_tool
