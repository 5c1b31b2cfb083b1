// Which faults come when: drawn from a seed, one or two at a time, with calm between them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fleet.hpp"

namespace chaos {

using milliseconds = std::chrono::milliseconds;

// Words for the history.
[[nodiscard]] std::string list(const std::vector<std::size_t>& places);
[[nodiscard]] std::string in_ms(milliseconds t);

class faults {
public:
    /// `chosen`: of these kinds only.
    faults(fleet& f, history& told, std::uint64_t seed, milliseconds lease,
           std::vector<std::string> chosen);

    /// Deeds to be done, by their time; the harness does them.
    [[nodiscard]] std::optional<std::int64_t> next() const;
    void do_what_is_due();
    /// From now on faults end and none begins; `next` is nothing when the last has ended.
    void end() { next_episode_.reset(); }

    [[nodiscard]] const std::map<std::string, int, std::less<>>& counted() const {
        return counted_;
    }
    [[nodiscard]] static std::vector<std::string> kinds();

private:
    struct kind {
        std::string_view name;
        int weight;
        /// returns how long it lasts, restarts included; 0: impossible now
        milliseconds (faults::*begin)();
    };
    static const std::array<kind, 21>& all();

    void begin_episode();
    void after(milliseconds delay, std::function<void()> deed);
    void say(std::string_view what, const std::string& text);

    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    milliseconds between(milliseconds least, milliseconds most) {
        return least + milliseconds{below(static_cast<std::uint64_t>((most - least).count()) + 1)};
    }
    std::vector<bool> some();  ///< some places, not none and not all
    /// places with a process that no fault has yet
    std::vector<std::size_t> victims(std::size_t);
    std::vector<fleet::link> across(const std::vector<bool>& side, bool there, bool back) const;
    std::vector<fleet::link> everywhere_or_at_some();
    milliseconds impair_for(std::vector<fleet::link> links, const test_support::impairment& how,
                            milliseconds how_long);
    void back_when_it_has_left(std::size_t place, std::int64_t latest);
    milliseconds down_for(const std::vector<std::size_t>& places, milliseconds how_long);

    milliseconds split();
    milliseconds one_way();
    milliseconds flapping();
    milliseconds one_link();
    milliseconds loss();
    milliseconds jitter();
    milliseconds doubled();
    milliseconds killed();
    milliseconds killed_two();
    milliseconds power_cut();
    milliseconds stopped();
    milliseconds starved();
    milliseconds left();
    milliseconds total_restart();

    // at one member (local_faults.cpp)
    milliseconds filtered(std::string_view what, const test_support::impairment& how);
    milliseconds no_tcp() { return filtered("no-tcp", {.no_tcp = true}); }
    milliseconds no_udp() { return filtered("no-udp", {.no_udp = true}); }
    milliseconds no_large() { return filtered("no-large", {.no_large = true}); }
    milliseconds crash_loop();
    milliseconds pid_namespace();
    milliseconds slow_disk();
    milliseconds replayed();

    fleet& fleet_;
    history& told_;
    std::mt19937_64 random_;
    milliseconds lease_;
    std::vector<std::string> chosen_;
    std::optional<std::int64_t> next_episode_ = now();
    std::multimap<std::int64_t, std::function<void()>> agenda_;
    std::vector<bool> is_taken_;  ///< a fault has the process of that place
    std::map<std::string, int, std::less<>> counted_;
};

}  // namespace chaos
