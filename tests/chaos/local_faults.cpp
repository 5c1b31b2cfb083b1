// Faults at one member: what its firewall drops, starts that do not last, a container, a slow disk;
// and a stranger who sends what was recorded.
#include "faults.hpp"

namespace chaos {

using namespace std::chrono_literals;
using test_support::impairment;

milliseconds faults::filtered(std::string_view what, const impairment& how) {
    std::vector<bool> side(fleet_.size());
    const auto place = below(side.size());
    side[place] = true;
    constexpr const char* ways[] = {" from it", " to it", " both ways", " both ways"};
    const auto way = below(std::size(ways));
    const auto how_long = between(3 * lease_, 8 * lease_);
    say(what, std::to_string(place) + ways[way] + " for " + in_ms(how_long));
    return impair_for(across(side, way != 1, way != 0), how, how_long);
}

/// Each start lasts for less than a lease, but for the last.
milliseconds faults::crash_loop() {
    const auto who = victims(1);
    if (who.empty()) {
        return 0ms;
    }
    const auto place = who[0];
    const auto times = 3 + below(6);
    say("crash-loop", list(who) + ", " + std::to_string(times) + " times");
    auto t = 0ms;
    for (std::uint64_t i = 0; i < times; ++i) {
        after(t, [this, place] {
            fleet_.kill(place);
            fleet_.start(place);
        });
        t += between(lease_ / 20, lease_ * 95 / 100);
    }
    after(t, [this, place] { is_taken_[place] = false; });
    return t;
}

/// Until its next start.
milliseconds faults::pid_namespace() {
    const auto who = victims(1);
    if (who.empty()) {
        return 0ms;
    }
    const auto place = who[0];
    const bool has_own_proc = below(2) == 0;
    const auto how_long = below(2) == 0 ? between(0ms, 100ms) : between(lease_, 3 * lease_);
    say("pid-namespace", list(who) +
                             (has_own_proc ? " with its own /proc" : " under the outer /proc") +
                             ", back after " + in_ms(how_long));
    fleet_.kill(place);
    after(how_long, [this, place, has_own_proc] {
        fleet_.start(place, has_own_proc ? process_ids::own_with_own_proc : process_ids::own);
        is_taken_[place] = false;
    });
    return how_long;
}

/// Of the place, whichever process is there.
milliseconds faults::slow_disk() {
    const auto place = below(fleet_.size());
    const auto each = between(lease_ / 4, 2 * lease_);
    const auto how_long = between(3 * lease_, 8 * lease_);
    say("slow-disk",
        std::to_string(place) + ", " + in_ms(each) + " for each sync, for " + in_ms(how_long));
    fleet_.slow_down(place, each);
    after(how_long, [this, place] { fleet_.quicken(place); });
    return how_long;
}

milliseconds faults::replayed() {
    const auto how_long = between(3 * lease_, 8 * lease_);
    say("replayed", "for " + in_ms(how_long));
    for (auto t = 0ms; t < how_long; t += 20ms) {
        after(t, [this] { fleet_.network().replay(10); });
    }
    return how_long;
}

}  // namespace chaos
