#include "scenario.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <tuple>

namespace holdfast::scenarios {
namespace {

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{value}
                                                                    : std::nullopt;
}

/// 4 for p4; 0 for what is no such name.
std::uint64_t place_number(std::string_view name) {
    return name.size() < 2 || name[0] != 'p' ? 0 : number_in(name.substr(1)).value_or(0);
}

void parse_cluster(words line, scenario& s) {
    while (!line.is_over()) {
        const auto word = line.take();
        const auto equals = word.find('=');
        if (equals == std::string::npos) {
            line.object("\"" + word + "\" is no setting; write NAME=VALUE");
        }
        s.cluster[word.substr(0, equals)] = word.substr(equals + 1);
    }
}

expected_failure parse_wrong_turn(words line) {
    expected_failure w;
    w.mutant = line.take();
    if (!line.takes("fails")) {
        line.expect("breaks");
        w.broken = line.take();
    }
    line.expect_end();
    return w;
}

void find_locks(std::string_view line, scenario& s) {
    for (auto from = line.find('"'); from != std::string_view::npos; from = line.find('"', from)) {
        const auto to = line.find('"', from + 1);
        if (to == std::string_view::npos) {
            return;
        }
        const std::string name{line.substr(from + 1, to - from - 1)};
        if (std::find(s.locks.begin(), s.locks.end(), name) == s.locks.end()) {
            s.locks.push_back(name);
        }
        from = to + 1;
    }
}

}  // namespace

words::words(std::size_t number, std::string_view line) : line_{number} {
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
        const auto end = std::min(line.find_first_of(" \t", at), line.size());
        all_.emplace_back(line.substr(at, end - at));
        at = end;
    }
}

std::string words::text() const {
    std::string out;
    for (auto i = next_; i < all_.size(); ++i) {
        out += (out.empty() ? "" : " ") + all_[i];
    }
    return out;
}

std::string words::take() {
    if (is_over()) {
        object("something is missing at the end");
    }
    return all_[next_++];
}

bool words::takes(std::string_view these) {
    const words wanted{line_, these};
    if (all_.size() - next_ < wanted.all_.size() ||
        !std::equal(wanted.all_.begin(), wanted.all_.end(),
                    all_.begin() + static_cast<std::ptrdiff_t>(next_))) {
        return false;
    }
    next_ += wanted.all_.size();
    return true;
}

void words::expect(std::string_view these) {
    if (!takes(these)) {
        object("\"" + std::string{these} + "\" expected before \"" + text() + "\"");
    }
}

void words::expect_end() const {
    if (!is_over()) {
        object("not understood: \"" + text() + "\"");
    }
}

sim::instant words::take_time() {
    const auto word = take();
    const auto unit = std::min(word.find_first_not_of("0123456789"), word.size());
    const auto value = number_in(std::string_view{word}.substr(0, unit));
    const auto scale = word.substr(unit) == "s" ? 1000u : word.substr(unit) == "ms" ? 1u : 0u;
    if (!value || scale == 0) {
        object("\"" + word + "\" is no time; write 3s or 250ms");
    }
    return std::chrono::milliseconds{*value * scale};
}

std::uint64_t words::take_number() {
    const auto word = take();
    const auto value = number_in(word);
    if (!value) {
        object("\"" + word + "\" is no number");
    }
    return *value;
}

void words::object(std::string_view why) const {
    throw scenario_error{"line " + std::to_string(line_) + ": " + std::string{why}};
}

std::vector<std::string> names_in(std::string_view list) {
    std::vector<std::string> out;
    for (std::size_t from = 0; from < list.size();) {
        const auto to = std::min(list.find(',', from), list.size());
        const auto name = list.substr(from, to - from);
        from = to + 1;
        const auto dash = name.find('-');
        const auto first = dash == std::string_view::npos ? 0 : place_number(name.substr(0, dash));
        if (first == 0) {
            out.emplace_back(name);
            continue;
        }
        for (auto n = first; n <= place_number(name.substr(dash + 1)); ++n) {
            out.push_back("p" + std::to_string(n));
        }
    }
    return out;
}

std::string list_of(std::vector<std::string> names, std::string_view between,
                    std::string_view before) {
    const auto key = [](const std::string& name) {
        const auto number = place_number(name.substr(0, name.find_first_not_of("0123456789", 1)));
        return std::tuple{number, name.size(), name};
    };
    std::sort(names.begin(), names.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string out;
    for (std::size_t i = 0; i < names.size();) {
        auto end = i + 1;
        while (end < names.size() && place_number(names[i]) != 0 &&
               place_number(names[end]) == place_number(names[i]) + (end - i)) {
            ++end;
        }
        end = end - i > 3 ? end : i + 1;
        out += (out.empty() ? "" : std::string{between}) + std::string{before} + names[i] +
               (end - i > 1 ? "-" + names[end - 1] : "");
        i = end;
    }
    return out;
}

scenario parse(std::string name, std::string_view text) {
    scenario s;
    s.name = std::move(name);
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        at = std::min(end + 1, text.size());
        words w{++number, line};
        if (w.takes("trace")) {
            s.head = text.substr(0, at);
            s.trace = text.substr(at);
            break;
        }
        if (w.is_over() || line.starts_with('#')) {
            continue;
        }
        if (w.takes("cluster")) {
            parse_cluster(w, s);
        } else if (w.takes("with")) {
            s.expected_failures.push_back(parse_wrong_turn(w));
        } else {
            s.steps.push_back(w);
            find_locks(line, s);
        }
    }
    if (s.cluster.empty() || s.steps.empty() || s.head.empty()) {
        throw scenario_error{
            "a scenario has a line \"cluster\", steps, and a line \"trace\" at the end"};
    }
    return s;
}

}  // namespace holdfast::scenarios
