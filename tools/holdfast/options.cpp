#include "options.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <sstream>
#include <utility>
#include <vector>

namespace holdfast_tool {
namespace {

/// `state_dir` as `--state-dir`, and as `HOLDFAST_STATE_DIR`.
std::string as_flag(std::string_view name) {
    std::string out = "--" + std::string{name};
    std::replace(out.begin(), out.end(), '_', '-');
    return out;
}
std::string as_variable(std::string_view name) {
    std::string out = "HOLDFAST_";
    std::transform(name.begin(), name.end(), std::back_inserter(out),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

/// `a|b|c`: one of these.
std::vector<std::string> values_of(std::string_view text) {
    std::vector<std::string> out;
    std::istringstream all{std::string{text}};
    for (std::string one; text.find('|') != text.npos && std::getline(all, one, '|');) {
        out.push_back(one);
    }
    return out;
}

constexpr auto heading = "Options of the peer";

}  // namespace

std::string check_duration(const std::string& text) {
    const auto read = holdfast::parse_duration(text);
    return read ? std::string{} : read.error().text;
}

void common::add_to(CLI::App& command) {
    for (const auto& o : holdfast::config::options()) {
        // A secret comes from the environment or a file: other users can see command lines.
        if (o.is_secret) {
            continue;
        }
        const auto name = std::string{o.name};
        const auto into = [this, name](const std::string& text) {
            is_weight_given_ = is_weight_given_ || name == "weight";
            if (const auto done = peer.set(name, text); !done) {
                throw CLI::ValidationError{done.error().text};
            }
        };
        auto* option = o.is_flag
                           ? command.add_flag_function(
                                 as_flag(name),
                                 [into](std::int64_t times) { into(times > 0 ? "true" : "false"); },
                                 std::string{o.help})
                           : command.add_option_function<std::string>(as_flag(name), into,
                                                                      std::string{o.help});
        option->envname(as_variable(name))->group(heading);
        if (o.is_flag) {
            continue;
        }
        option->default_str(std::string{o.fallback});
        if (const auto values = values_of(o.value); !values.empty()) {
            option->type_name("CHOICE")->check(CLI::IsMember(values));
        } else {
            option->type_name(std::string{o.value});
        }
    }
    command.add_option("--control", control, "the control socket of the agent")
        ->type_name("FILE")
        ->envname("HOLDFAST_CONTROL")
        ->group(heading);
    command
        .add_option("--join-wait", join_wait, "how long to look for the cluster, without an agent")
        ->type_name("DURATION")
        ->capture_default_str()
        ->envname("HOLDFAST_JOIN_WAIT")
        ->check(check_duration)
        ->group(heading);
}

holdfast::config common::make(kind what) const {
    auto c = peer;
    if (const auto* key = std::getenv("HOLDFAST_KEY"); key != nullptr && c.key_file.empty()) {
        c.key = key;
    }
    if (what == kind::short_lived || !control.empty()) {
        c.work_outlives_process = true;  // a command, or a user of the socket, works on
    }
    if (what == kind::short_lived) {
        if (!is_weight_given_) {
            c.weight = 0;
        }
        if (c.listen.empty()) {
            c.listen = c.profile == holdfast::profile::local ? "127.0.0.1:0" : "0.0.0.0:0";
        }
    }
    return c;
}

holdfast::result<holdfast::peer> common::join(holdfast::config as, std::stop_token stop) const {
    auto p = holdfast::peer::start(std::move(as));
    if (p) {
        const auto wait = holdfast::parse_duration(join_wait).value();
        if (const auto ready = p->wait_ready(wait, std::move(stop)); !ready) {
            return tl::unexpected{ready.error()};
        }
    }
    return p;
}

}  // namespace holdfast_tool
