#include "node/seat_ways.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/assert.hpp"

namespace holdfast::node {
namespace {

using namespace std::chrono_literals;

// Ways are tried once in a second at least, and either half of a try can be lost.
constexpr base::duration fresh_for = 3s;
constexpr base::duration least_patience = 5s;
constexpr base::duration between_complaints = 60s;

}  // namespace

void seat_ways::heard(const peer_id& from, const views::way_probe& told, base::time_point now) {
    if (!voters_.contains(from) && voters_.size() >= base::limits::seats) {
        voters_.erase(std::min_element(
            voters_.begin(), voters_.end(),
            [](const auto& a, const auto& b) { return a.second.heard < b.second.heard; }));
    }
    voters_[from] = {now, told.is_seen_by_stream, told.is_seen_by_datagram};
}

void seat_ways::heard_at(const endpoint& address, base::time_point now) {
    const auto& seeds = settings_.seeds;
    if (std::find(seeds.begin(), seeds.end(), address) != seeds.end()) {
        heard_ = now;
    }
}

bool seat_ways::reach_quorum(base::time_point now) const {
    const auto& seeds = settings_.seeds;
    const bool has_seat = std::find(seeds.begin(), seeds.end(), settings_.address) != seeds.end();
    return count(now).both + (has_seat ? 1 : 0) > seats() / 2;
}

std::optional<views::problem> seat_ways::complaint(base::time_point now) {
    const auto known = count(now);
    const auto patience = std::max(2 * settings_.lease, least_patience);
    const auto others =
        std::count_if(settings_.seeds.begin(), settings_.seeds.end(),
                      [&](const endpoint& seed) { return seed != settings_.address; });
    const bool is_none_heard = known.heard == 0 && others > 0 && now - heard_ >= patience;
    const bool is_any_wrong = known.both < known.heard || settings_.removals_without_lease > 0;
    if (reach_quorum(now) || !(is_any_wrong || is_none_heard) || now - began_ < patience ||
        (complained_ && now - *complained_ < between_complaints)) {
        return std::nullopt;
    }
    complained_ = now;
    if (is_none_heard) {
        return views::problem{
            errc::io_error,
            "no seat answers by TCP, of " + std::to_string(others) +
                " that this peer dials: see whether they run, and whether a firewall lets TCP "
                "pass both ways"};
    }
    auto text =
        "this peer is let in when most seats are reached with large messages, both ways, by TCP "
        "and by UDP (JOIN-2). Of " +
        std::to_string(seats()) + " seats TCP reaches " + std::to_string(known.by_stream) +
        ", UDP " + std::to_string(known.by_datagram) +
        "; see whether a firewall lets both pass both ways, and whether a part of the way takes "
        "smaller packets only (MTU)";
    return views::problem{errc::io_error, std::move(text)};
}

seat_ways::sums seat_ways::count(base::time_point now) const {
    sums out;
    for (const auto& [id, v] : voters_) {
        if (now - v.heard < std::max(settings_.lease, fresh_for)) {
            ++out.heard;
            out.by_stream += v.by_stream ? 1 : 0;
            out.by_datagram += v.by_datagram ? 1 : 0;
            out.both += v.by_stream && v.by_datagram ? 1 : 0;
        }
    }
    return out;
}

std::size_t seat_ways::seats() const { return std::max<std::size_t>(settings_.seeds.size(), 1); }

void seat_ways::invariants() const { HOLDFAST_ASSERT(voters_.size() <= base::limits::seats); }

}  // namespace holdfast::node
