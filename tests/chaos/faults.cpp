#include "faults.hpp"

#include <algorithm>

namespace chaos {
namespace {

using namespace std::chrono_literals;
using test_support::impairment;

std::string list(const std::vector<bool>& side) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < side.size(); ++i) {
        if (side[i]) {
            places.push_back(i);
        }
    }
    return chaos::list(places);
}

}  // namespace

std::string list(const std::vector<std::size_t>& places) {
    std::string out;
    for (const auto p : places) {
        out += (out.empty() ? "" : ",") + std::to_string(p);
    }
    return out;
}

std::string in_ms(milliseconds t) { return std::to_string(t.count()) + " ms"; }

const std::array<faults::kind, 21>& faults::all() {
    static constexpr std::array<kind, 21> kinds{{
        {"split", 4, &faults::split},
        {"one-way", 3, &faults::one_way},
        {"flapping", 3, &faults::flapping},
        {"one-link", 2, &faults::one_link},
        {"loss", 3, &faults::loss},
        {"jitter", 3, &faults::jitter},
        {"doubled", 2, &faults::doubled},
        {"killed", 4, &faults::killed},
        {"killed-two", 2, &faults::killed_two},
        {"power-cut", 3, &faults::power_cut},
        {"stopped", 4, &faults::stopped},
        {"starved", 2, &faults::starved},
        {"left", 2, &faults::left},
        {"total-restart", 1, &faults::total_restart},
        {"no-tcp", 2, &faults::no_tcp},
        {"no-udp", 2, &faults::no_udp},
        {"no-large", 2, &faults::no_large},
        {"crash-loop", 2, &faults::crash_loop},
        {"pid-namespace", 2, &faults::pid_namespace},
        {"slow-disk", 2, &faults::slow_disk},
        {"replayed", 2, &faults::replayed},
    }};
    return kinds;
}

std::vector<std::string> faults::kinds() {
    std::vector<std::string> out;
    for (const auto& k : all()) {
        out.emplace_back(k.name);
    }
    return out;
}

faults::faults(fleet& f, history& told, std::uint64_t seed, milliseconds lease,
               std::vector<std::string> chosen)
    : fleet_{f},
      told_{told},
      random_{seed},
      lease_{lease},
      chosen_{std::move(chosen)},
      is_taken_(f.size()) {}

std::optional<std::int64_t> faults::next() const {
    if (agenda_.empty()) {
        return next_episode_;
    }
    const auto first = agenda_.begin()->first;
    return next_episode_ ? std::min(first, *next_episode_) : first;
}

void faults::do_what_is_due() {
    while (!agenda_.empty() && agenda_.begin()->first <= now()) {
        const auto deed = std::move(agenda_.begin()->second);
        agenda_.erase(agenda_.begin());
        deed();
    }
    if (next_episode_ && *next_episode_ <= now()) {
        begin_episode();
    }
}

void faults::after(milliseconds delay, std::function<void()> deed) {
    agenda_.emplace(now() + std::chrono::nanoseconds{delay}.count(), std::move(deed));
}

void faults::say(std::string_view what, const std::string& text) {
    ++counted_[std::string{what}];
    told_.tell("fault", now(), what, text);
}

void faults::begin_episode() {
    std::vector<const kind*> pool;
    for (const auto& k : all()) {
        if (std::find(chosen_.begin(), chosen_.end(), k.name) != chosen_.end()) {
            pool.insert(pool.end(), static_cast<std::size_t>(k.weight), &k);
        }
    }
    auto longest = 0ms;
    const auto count = below(3) == 0 ? 2 : 1;
    for (int i = 0; i < count; ++i) {
        const auto* chosen = pool[below(pool.size())];
        longest = std::max(longest, (this->*chosen->begin)());
    }
    // Mostly long enough for the cluster to be whole again, sometimes not.
    const auto calm = below(3) == 0 ? between(0ms, lease_) : between(2 * lease_, 6 * lease_);
    next_episode_ = now() + std::chrono::nanoseconds{longest + calm}.count();
}

std::vector<bool> faults::some() {
    std::vector<bool> side(fleet_.size());
    if (below(3) == 0) {
        side[below(side.size())] = true;
        return side;
    }
    do {
        for (std::size_t i = 0; i < side.size(); ++i) {
            side[i] = below(2) == 0;
        }
    } while (
        std::count(side.begin(), side.end(), true) % static_cast<std::ptrdiff_t>(side.size()) == 0);
    return side;
}

std::vector<std::size_t> faults::victims(std::size_t count) {
    std::vector<std::size_t> free;
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
        if (!is_taken_[i] && fleet_.is_up(i)) {
            free.push_back(i);
        }
    }
    std::shuffle(free.begin(), free.end(), random_);
    if (free.size() < count) {
        return {};
    }
    free.resize(count);
    for (const auto i : free) {
        is_taken_[i] = true;
    }
    return free;
}

std::vector<fleet::link> faults::across(const std::vector<bool>& side, bool there,
                                        bool back) const {
    std::vector<fleet::link> out;
    for (std::size_t from = 0; from < side.size(); ++from) {
        for (std::size_t to = 0; to < side.size(); ++to) {
            if ((there && side[from] && !side[to]) || (back && !side[from] && side[to])) {
                out.push_back({from, to});
            }
        }
    }
    return out;
}

std::vector<fleet::link> faults::everywhere_or_at_some() {
    const auto side = below(2) == 0 ? std::vector<bool>(fleet_.size(), true) : some();
    std::vector<fleet::link> out;
    for (std::size_t from = 0; from < side.size(); ++from) {
        for (std::size_t to = 0; to < side.size(); ++to) {
            if (from != to && (side[from] || side[to])) {
                out.push_back({from, to});
            }
        }
    }
    return out;
}

milliseconds faults::impair_for(std::vector<fleet::link> links, const impairment& how,
                                milliseconds how_long) {
    after(how_long, [this, which = fleet_.impair(std::move(links), how)] { fleet_.mend(which); });
    return how_long;
}

milliseconds faults::down_for(const std::vector<std::size_t>& places, milliseconds how_long) {
    after(how_long, [this, places] {
        for (const auto i : places) {
            fleet_.start(i);
            is_taken_[i] = false;
        }
    });
    return how_long;
}

milliseconds faults::split() {
    const auto side = some();
    const auto how_long = between(lease_ / 2, 8 * lease_);
    say("split", list(side) + " from the others for " + in_ms(how_long));
    return impair_for(across(side, true, true), {.cut = true}, how_long);
}

milliseconds faults::one_way() {
    const auto side = some();
    const bool there = below(2) == 0;
    const auto how_long = between(lease_ / 2, 8 * lease_);
    say("one-way", list(side) +
                       (there ? " not heard by the others for " : " hears no others for ") +
                       in_ms(how_long));
    return impair_for(across(side, there, !there), {.cut = true}, how_long);
}

milliseconds faults::flapping() {
    const auto side = some();
    const bool one_way = below(3) == 0;
    const auto how_long = between(3 * lease_, 8 * lease_);
    say("flapping", list(side) + (one_way ? " one way for " : " both ways for ") + in_ms(how_long));
    for (auto t = 0ms; t < how_long;) {
        const auto cut = between(lease_ / 20, lease_ * 6 / 10);
        after(t, [this, side, one_way, cut] {
            impair_for(across(side, true, !one_way), {.cut = true}, cut);
        });
        t += cut + between(lease_ / 20, lease_ * 6 / 10);
    }
    return how_long + lease_;
}

milliseconds faults::one_link() {
    const auto a = below(fleet_.size());
    const auto b = (a + 1 + below(fleet_.size() - 1)) % fleet_.size();
    const bool both = below(2) == 0;
    const auto how_long = between(2 * lease_, 8 * lease_);
    say("one-link", std::to_string(a) + (both ? " and " : " to ") + std::to_string(b) + " for " +
                        in_ms(how_long));
    std::vector<fleet::link> links{{a, b}};
    if (both) {
        links.push_back({b, a});
    }
    return impair_for(std::move(links), {.cut = true}, how_long);
}

milliseconds faults::loss() {
    const auto how_long = between(3 * lease_, 8 * lease_);
    say("loss", "30 % for " + in_ms(how_long));
    return impair_for(everywhere_or_at_some(), {.loss = 0.3}, how_long);
}

milliseconds faults::jitter() {
    const auto how_long = between(3 * lease_, 8 * lease_);
    say("jitter", "200 ms for " + in_ms(how_long));
    return impair_for(everywhere_or_at_some(), {.jitter = 200ms}, how_long);
}

milliseconds faults::doubled() {
    const auto how_long = between(3 * lease_, 8 * lease_);
    say("doubled", "30 % doubled, 25 % reordered, for " + in_ms(how_long));
    return impair_for(everywhere_or_at_some(), {.doubled = 0.3, .held_back = 0.25}, how_long);
}

milliseconds faults::killed() {
    const auto who = victims(1);
    if (who.empty()) {
        return 0ms;
    }
    const auto how_long = below(2) == 0 ? between(0ms, 100ms) : between(lease_, 5 * lease_);
    say("killed", list(who) + ", back after " + in_ms(how_long));
    fleet_.kill(who[0]);
    return down_for(who, how_long);
}

milliseconds faults::killed_two() {
    const auto who = victims(2);
    if (who.empty()) {
        return 0ms;
    }
    const auto how_long = below(2) == 0 ? between(0ms, 100ms) : between(lease_, 5 * lease_);
    say("killed-two", list(who) + ", back after " + in_ms(how_long));
    for (const auto i : who) {
        fleet_.kill(i);
    }
    return down_for(who, how_long);
}

/// The kernel of a machine that loses its power says nothing: no stream is closed.
milliseconds faults::power_cut() {
    const auto who = victims(1);
    if (who.empty()) {
        return 0ms;
    }
    const auto how_long = between(100ms, 5 * lease_);
    say("power-cut", list(who) + ", back after " + in_ms(how_long));
    std::vector<bool> side(fleet_.size());
    side[who[0]] = true;
    impair_for(across(side, true, true), {.cut = true}, how_long);
    fleet_.kill(who[0]);
    return down_for(who, how_long);
}

milliseconds faults::stopped() {
    const auto who = victims(1 + below(2));
    if (who.empty()) {
        return 0ms;
    }
    const auto how_long =
        below(4) == 0 ? between(lease_ / 5, lease_) : between(lease_ * 12 / 10, 4 * lease_);
    say("stopped", list(who) + " for " + in_ms(how_long));
    for (const auto i : who) {
        fleet_.stop(i);
    }
    after(how_long, [this, who] {
        for (const auto i : who) {
            fleet_.go_on(i);
            is_taken_[i] = false;
        }
    });
    return how_long;
}

milliseconds faults::starved() {
    const auto who = victims(1 + below(2));
    if (who.empty()) {
        return 0ms;
    }
    const auto how_long = between(2 * lease_, 6 * lease_);
    say("starved", list(who) + " for " + in_ms(how_long));
    for (const auto i : who) {
        fleet_.starve(i);
    }
    after(how_long, [this, who] {
        for (const auto i : who) {
            fleet_.feed(i);
            is_taken_[i] = false;
        }
    });
    return how_long;
}

milliseconds faults::left() {
    const auto who = victims(1);
    if (who.empty()) {
        return 0ms;
    }
    say("left", list(who));
    fleet_.leave(who[0]);
    // Leaving takes five leases at most; twice that is certainly too long.
    back_when_it_has_left(who[0], now() + std::chrono::nanoseconds{10 * lease_ + 2s}.count());
    return 4 * lease_;
}

void faults::back_when_it_has_left(std::size_t place, std::int64_t latest) {
    if (fleet_.is_up(place) && now() > latest) {
        fleet_.give_up(place);
    }
    if (fleet_.is_up(place)) {
        after(50ms, [this, place, latest] { back_when_it_has_left(place, latest); });
        return;
    }
    fleet_.start(place);
    is_taken_[place] = false;
}

milliseconds faults::total_restart() {
    const auto who = victims(fleet_.size());
    if (who.empty()) {
        return 0ms;
    }
    const auto how_long = between(0ms, 3 * lease_);
    say("total-restart", "after " + in_ms(how_long));
    for (const auto i : who) {
        fleet_.kill(i);
    }
    return down_for(who, how_long) + 3 * lease_;
}

}  // namespace chaos
