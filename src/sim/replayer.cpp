#include "sim/replayer.hpp"

#include <algorithm>
#include <iterator>

namespace holdfast::sim {

using namespace std::chrono_literals;

replayer::replayer(context& shared, std::uint64_t seed) : context_{shared}, random_{seed} {
    plan_next();
}

bool replayer::records(packet& sent, message_kind kind) {
    const auto& plan = context_.plan.replays;
    if (!plan.is_recording || (sent.is_stream && context_.plan.is_sealed)) {
        return false;
    }
    auto& kept = recorded_[kind];
    const bool is_first_from_there = std::none_of(
        kept.begin(), kept.end(), [&](const packet& p) { return p.from == sent.from; });
    if (kept.size() < most_of_a_kind) {
        sent.recorded_as = ++last_number_;
        kept.push_back(sent);
    } else if (is_first_from_there || random_.chance(0.05)) {
        sent.recorded_as = ++last_number_;
        kept[random_.below(kept.size())] = sent;
    }
    const bool is_kept_back = sent.recorded_as != 0 && !is_healed_ && plan.kept_back > 0 &&
                              random_.chance(plan.kept_back);
    if (is_kept_back) {
        context_.count(trouble::kept_back);
    }
    return is_kept_back;
}

void replayer::act() {
    plan_next();
    if (recorded_.empty()) {
        return;
    }
    const auto kind =
        std::next(recorded_.begin(), static_cast<std::ptrdiff_t>(random_.below(recorded_.size())));
    const auto& p = kind->second[random_.below(kind->second.size())];
    const bool goes_elsewhere = random_.chance(0.4);
    const auto other = static_cast<std::uint32_t>(random_.below(context_.places.size()));
    post(p, goes_elsewhere ? other : p.to);
}

bool replayer::send_again(message_kind kind, std::uint32_t from, std::uint32_t to) {
    const auto& kept = recorded_[kind];
    const auto at =
        std::find_if(kept.begin(), kept.end(), [&](const packet& p) { return p.from == from; });
    if (at == kept.end()) {
        return false;
    }
    post(*at, to);
    return true;
}

void replayer::post(const packet& recorded, std::uint32_t to) {
    auto& c = context_;
    c.count(trouble::replay);
    const auto n = c.net.blank();
    c.net.at(n) = recorded;
    c.net.at(n).to = to;
    c.net.at(n).is_again = true;
    // past the network's own chance, and past its cuts: a stranger is anywhere
    c.events.plan(c.events.now() + random_.between(100us, 5ms), event_kind::datagram, to, n);
}

void replayer::plan_next() {
    const auto mean = context_.plan.replays.mean_wait;
    if (mean > base::duration{}) {
        context_.events.plan(context_.events.now() + random_.between({}, 2 * mean),
                             event_kind::replay);
    }
}

}  // namespace holdfast::sim
