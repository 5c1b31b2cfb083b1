// The table of options by name: config::options, set and text_of.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/config.hpp>

namespace holdfast {
namespace {

using milliseconds = std::chrono::milliseconds;

// ---- texts of each type of field. `read_field` leaves the field as it is when the text is wrong,
// and answers what is right instead; empty: it was read.

std::string read_field(std::string_view text, std::string& field) {
    field = text;
    return {};
}
std::string text_of_field(const std::string& field) { return field; }

std::string read_field(std::string_view text, std::vector<std::string>& field) {
    std::vector<std::string> list;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        list.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    if (std::any_of(list.begin(), list.end(), [](const auto& one) { return one.empty(); })) {
        return "has an empty entry; write A,B,C";
    }
    field = std::move(list);
    return {};
}
std::string text_of_field(const std::vector<std::string>& field) {
    std::string text;
    for (const auto& one : field) {
        text += (text.empty() ? "" : ",") + one;
    }
    return text;
}

std::string read_field(std::string_view text, bool& field) {
    const auto is = [&](auto... words) { return ((text == words) || ...); };
    if (is("true", "yes", "on", "1")) {
        field = true;
    } else if (is("false", "no", "off", "0")) {
        field = false;
    } else {
        return "is neither true nor false";
    }
    return {};
}
std::string text_of_field(bool field) { return field ? "true" : "false"; }

template <class Number>
std::string read_number(std::string_view text, Number& field, const char* right) {
    Number number{};
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong != std::errc{} || end != text.data() + text.size()) {
        return right;
    }
    field = number;
    return {};
}
std::string read_field(std::string_view text, std::uint32_t& field) {
    return read_number(text, field, "is no whole number");
}
std::string read_field(std::string_view text, std::size_t& field) {
    return read_number(text, field, "is no whole number");
}
std::string read_field(std::string_view text, double& field) {
    return read_number(text, field, "is no number");
}
std::string text_of_field(std::uint32_t field) { return std::to_string(field); }
std::string text_of_field(std::size_t field) { return std::to_string(field); }
std::string text_of_field(double field) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), field).ptr;
    return {text.data(), end};
}

template <class Enum>
std::string read_name(std::string_view text, Enum& field, std::initializer_list<Enum> values) {
    std::string names;
    for (const auto value : values) {
        if (to_string(value) == text) {
            field = value;
            return {};
        }
        names += (names.empty() ? "" : ", ") + std::string{to_string(value)};
    }
    return "is none of " + names;
}
std::string read_field(std::string_view text, profile& field) {
    return read_name(text, field, {profile::local, profile::lan, profile::wan});
}
std::string text_of_field(profile field) { return std::string{to_string(field)}; }
std::string read_field(std::string_view text, bootstrap_mode& field) {
    return read_name(text, field, {bootstrap_mode::allowed, bootstrap_mode::never});
}
std::string text_of_field(bootstrap_mode field) { return std::string{to_string(field)}; }

std::string read_field(std::string_view text, milliseconds& field) {
    const auto time = parse_duration(text);
    if (!time) {
        return "is no duration; write 10s or 500ms";
    }
    field = std::chrono::ceil<milliseconds>(*time);
    return {};
}
std::string text_of_field(milliseconds field) {
    return field.count() % 1000 == 0 ? std::to_string(field.count() / 1000) + "s"
                                     : std::to_string(field.count()) + "ms";
}
/// Empty: that of the profile.
std::string read_field(std::string_view text, std::optional<milliseconds>& field) {
    if (text.empty()) {
        field.reset();
        return {};
    }
    milliseconds time{};
    auto wrong = read_field(text, time);
    if (wrong.empty()) {
        field = time;
    }
    return wrong;
}
std::string text_of_field(const std::optional<milliseconds>& field) {
    return field ? text_of_field(*field) : "";
}

std::string read_field(std::string_view text, break_policy& field) {
    constexpr auto right = "is no policy; write operators, operators:2 or none, then ,waited:30s";
    break_policy policy;
    const auto comma = std::min(text.find(','), text.size());
    const auto who = text.substr(0, comma);
    const auto rest = text.substr(std::min(comma + 1, text.size()));
    constexpr std::string_view counted = "operators:", waited = "waited:";
    if (who == "none") {
        policy.by_operators = false;
    } else if (who.starts_with(counted)) {
        std::uint32_t approvals = 0;
        if (!read_field(who.substr(counted.size()), approvals).empty() || approvals < 1 ||
            approvals > std::numeric_limits<std::uint8_t>::max()) {
            return right;
        }
        policy.approvals = static_cast<std::uint8_t>(approvals);
    } else if (who != "operators") {
        return right;
    }
    if (comma < text.size() &&
        (!rest.starts_with(waited) ||
         !read_field(rest.substr(waited.size()), policy.waited_for).empty())) {
        return right;
    }
    field = policy;
    return {};
}
std::string text_of_field(const break_policy& field) {
    std::string text = !field.by_operators    ? "none"
                       : field.approvals == 1 ? "operators"
                                              : "operators:" + std::to_string(field.approvals);
    return field.waited_for.count() == 0 ? text
                                         : text + ",waited:" + text_of_field(field.waited_for);
}

// ---- the table

struct accessor {
    std::string (*read)(std::string_view text, config& into);
    std::string (*write)(const config& from);
};
template <auto Field>
constexpr accessor access_to{
    [](std::string_view text, config& into) { return read_field(text, into.*Field); },
    [](const config& from) { return text_of_field(from.*Field); }};

constexpr auto by_profile = "that of the profile";

constexpr std::pair<config_option, accessor> table[] = {
    {{"name", "TEXT", "host name and process id", "the name of this peer, for people"},
     access_to<&config::name>},
    {{"listen", "ADDRESS", "all addresses, port 4653", "where to listen, UDP and TCP"},
     access_to<&config::listen>},
    {{"advertise", "ADDRESS", "that of listen", "the address that the others reach this peer at"},
     access_to<&config::advertise>},
    {{"seeds", "ADDRESSES", "none", "the addresses of the seats, with commas between"},
     access_to<&config::seeds>},
    {{"cluster", "NAME", "default", "the name of the cluster"}, access_to<&config::cluster>},
    {{"profile", "local|lan|wan", "lan", "a set of times for that kind of network"},
     access_to<&config::profile>},
    {{"key", "KEY", "none", "the key of the cluster: 32 bytes in hexadecimal or base64", false,
      true},
     access_to<&config::key>},
    {{"key_file", "FILE", "none", "a file with the key of the cluster"},
     access_to<&config::key_file>},
    {{"insecure", "", "false", "no key outside the local profile", true},
     access_to<&config::insecure>},
    {{"weight", "N", "1", "the share of the names that this peer owns; 0: none"},
     access_to<&config::weight>},
    {{"bootstrap", "allowed|never", "allowed", "whether this peer may found a cluster"},
     access_to<&config::bootstrap>},
    {{"state_dir", "DIRECTORY", "none", "keeps tokens rising over a restart of all peers"},
     access_to<&config::state_dir>},
    {{"break_policy", "POLICY", "operators", "who may break the holds of this peer"},
     access_to<&config::break_policy>},
    {{"lock_delay", "DURATION", "0s", "how long a lock rests after a hold without a release"},
     access_to<&config::lock_delay>},
    {{"operators", "NAMES", "all", "the operators whose requests count, with commas between"},
     access_to<&config::operators>},
    {{"watchdog", "", "false", "kill this process when its lease ends while it holds a lock", true},
     access_to<&config::watchdog>},
    {{"work_outlives_process", "", "false", "what the locks guard can go on without this process",
      true},
     access_to<&config::work_outlives_process>},
    {{"max_requests", "N", "100000", "requests that may wait at the same time"},
     access_to<&config::max_requests>},
    {{"clock_drift", "FRACTION", "0.01", "the largest difference of the rates of two clocks"},
     access_to<&config::clock_drift>},
    {{"lease", "DURATION", by_profile, "how long a member may act without a majority"},
     access_to<&config::lease>},
    {{"bootstrap_wait", "DURATION", by_profile, "how long seats look for a cluster"},
     access_to<&config::bootstrap_wait>},
    {{"batch_wait", "DURATION", by_profile, "how long changes are collected for one view"},
     access_to<&config::batch_wait>},
    {{"proposer_stagger", "DURATION", by_profile, "how much later the next voter proposes"},
     access_to<&config::proposer_stagger>},
    {{"retry", "DURATION", by_profile, "the least pause before a message is repeated"},
     access_to<&config::retry>},
    {{"probe_period", "DURATION", by_profile, "how often one other peer is probed"},
     access_to<&config::probe_period>},
    {{"probe_timeout", "DURATION", by_profile, "how long a direct probe may take"},
     access_to<&config::probe_timeout>},
    {{"gossip_period", "DURATION", by_profile, "how often gossip is sent between probes"},
     access_to<&config::gossip_period>},
    {{"dead_probe_period", "DURATION", by_profile, "how often one of the dead is tried"},
     access_to<&config::dead_probe_period>},
    {{"push_pull_period", "DURATION", by_profile, "how often whole rosters are exchanged"},
     access_to<&config::push_pull_period>},
};

constexpr auto all_options = [] {
    std::array<config_option, std::size(table)> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = table[i].first;
    }
    return out;
}();

const accessor* find(std::string_view name) {
    const auto is_same = [](char x, char y) { return x == (y == '-' ? '_' : y); };
    for (const auto& [option, how] : table) {
        if (std::equal(option.name.begin(), option.name.end(), name.begin(), name.end(), is_same)) {
            return &how;
        }
    }
    return nullptr;
}

tl::unexpected<error> unknown(std::string_view name) {
    return fail(errc::bad_config, "there is no option \"" + std::string{name} + "\"");
}

}  // namespace

std::string_view to_string(profile what) {
    switch (what) {
        case profile::local:
            return "local";
        case profile::lan:
            return "lan";
        case profile::wan:
            return "wan";
    }
    return "unknown";
}

std::string_view to_string(bootstrap_mode what) {
    switch (what) {
        case bootstrap_mode::allowed:
            return "allowed";
        case bootstrap_mode::never:
            return "never";
    }
    return "unknown";
}

result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    const auto wrong = [&] {
        return fail(errc::bad_config,
                    "\"" + std::string{text} + "\" is no duration; write 10s or 500ms");
    };
    double number = 0;
    const auto [end, bad] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (bad != std::errc{}) {
        return wrong();
    }
    const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    const double seconds = unit == "ms"                  ? 1e-3
                           : unit == "s" || unit.empty() ? 1
                           : unit == "m"                 ? 60
                           : unit == "h"                 ? 3600
                                                         : -1;
    if (seconds < 0 || !(number >= 0 && number * seconds < 1e9)) {
        return wrong();
    }
    return std::chrono::nanoseconds{static_cast<std::int64_t>(number * seconds * 1e9)};
}

std::span<const config_option> config::options() { return all_options; }

result<void> config::set(std::string_view option, std::string_view value) {
    const auto* how = find(option);
    if (how == nullptr) {
        return unknown(option);
    }
    if (const auto wrong = how->read(value, *this); !wrong.empty()) {
        return fail(errc::bad_config,
                    std::string{option} + ": \"" + std::string{value} + "\" " + wrong);
    }
    return {};
}

result<std::string> config::text_of(std::string_view option) const {
    const auto* how = find(option);
    if (how == nullptr) {
        return unknown(option);
    }
    return how->write(*this);
}

}  // namespace holdfast
