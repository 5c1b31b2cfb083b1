#include "sim/network.hpp"

#include <algorithm>
#include <utility>

#include "base/settings.hpp"

namespace holdfast::sim {
namespace {

// What one stream may have under way: like a socket's buffers, it is not endless.
constexpr std::size_t most_under_way = 2048;

// On a way that is narrow: datagrams pass, and full segments of streams do not.
constexpr std::size_t most_on_narrow_ways = base::limits::datagram;

}  // namespace

network::network(std::size_t places, std::uint64_t seed, event_queue& events)
    : places_{places},
      random_{seed},
      events_{events},
      streams_(places * places),
      cuts_(places * places),
      blocks_(2 * places * places),
      mutes_(places * places),
      narrows_(places * places),
      slowness_(places * places) {}

network::number network::blank() {
    if (free_.empty()) {
        packets_.push_back(std::make_unique<packet>());
        return static_cast<number>(packets_.size() - 1);
    }
    const auto n = free_.back();
    free_.pop_back();
    at(n).bytes.clear();
    return n;
}

void network::post(number n, base::duration extra) {
    ++counters_.sent;
    counters_.bytes += at(n).bytes.size();
    at(n).is_stream ? post_on_stream(n, extra) : post_datagram(n, extra);
}

network::number network::arrived(const event& e) {
    if (e.kind == event_kind::datagram) {
        return static_cast<number>(e.detail);
    }
    const auto l = static_cast<std::size_t>(e.detail >> 32);
    auto& s = streams_[l];
    if (s.generation != static_cast<std::uint32_t>(e.detail)) {
        return none;
    }
    s.is_planned = false;
    if (is_stopped(static_cast<std::uint32_t>(l / places_),
                   static_cast<std::uint32_t>(l % places_))) {
        return none;
    }
    const auto n = s.under_way.front().what;
    while (!s.arrived.empty() && s.arrived.front().acknowledged <= events_.now()) {
        s.arrived.pop_front();
    }
    s.arrived.push_back({s.under_way.front().sent, events_.now() + weather_.shortest_delay});
    s.under_way.pop_front();
    plan_first(l);
    return n;
}

bool network::is_under_way(std::uint32_t from, std::uint32_t to, instant by) const {
    const auto& s = streams_[link(from, to)];
    const auto is_late = [&](const arrived_packet& p) {
        return p.sent <= by && p.acknowledged > events_.now();
    };
    return (!s.under_way.empty() && s.under_way.front().sent <= by) ||
           std::any_of(s.arrived.begin(), s.arrived.end(), is_late);
}

void network::cut(std::uint32_t from, std::uint32_t to) {
    ++cuts_[link(from, to)];
    break_streams(from, to);
}

void network::block(std::uint32_t from, std::uint32_t to, transport what) {
    ++blocks(link(from, to), what);
    if (what == transport::stream) {
        break_streams(from, to);
    }
}

/// Something between the two no longer lets them pass.
void network::break_streams(std::uint32_t from, std::uint32_t to) {
    if (!weather_.streams_wait_out_cuts) {
        reset(from, to, false);  // TCP finds out much later
        if (weather_.one_way_cuts_stop_streams) {
            reset(to, from, false);
        }
    }
}

void network::heal(std::uint32_t from, std::uint32_t to) {
    --cuts_[link(from, to)];
    resume_streams(from, to);
}

void network::unblock(std::uint32_t from, std::uint32_t to, transport what) {
    --blocks(link(from, to), what);
    if (what == transport::stream) {
        resume_streams(from, to);
    }
}

void network::resume_streams(std::uint32_t from, std::uint32_t to) {
    for (const auto& [a, b] : {std::pair{from, to}, std::pair{to, from}}) {
        auto& s = streams_[link(a, b)];
        if (!s.under_way.empty() && !s.is_planned && !is_stopped(a, b)) {
            // The sender's TCP tries again some time after the link is back.
            auto due = events_.now() + delay(link(a, b));
            for (auto& p : s.under_way) {
                due = p.due = std::max(due, p.due);
            }
            s.last_due = std::max(s.last_due, due);
            plan_first(link(a, b));
        }
    }
}

void network::mute(std::uint32_t from, std::uint32_t to) {
    ++mutes_[link(from, to)];
    reset(from, to);
}

void network::reset(std::uint32_t from, std::uint32_t to, bool is_noticed) {
    auto& s = streams_[link(from, to)];
    if (is_noticed && s.is_open) {
        events_.plan(events_.now(), event_kind::stream_lost, from, s.to_run);
    }
    ++s.generation;
    s.is_planned = false;
    s.is_open = false;
    s.is_dialled = false;
    s.last_due = {};
    s.arrived.clear();
    if (s.under_way.empty()) {
        return;
    }
    ++counters_.resets;
    // What the other side's kernel already has is still read, whatever the new connection brings
    // meanwhile.
    const auto survivors = is_stopped(from, to) ? 0 : random_.below(s.under_way.size() + 1);
    for (std::size_t i = 0; i < s.under_way.size(); ++i) {
        const auto& p = s.under_way[i];
        if (i < survivors) {
            events_.plan(p.due, event_kind::datagram, to, p.what);
        } else {
            ++counters_.lost;
            discard(p.what);
        }
    }
    s.under_way.clear();
}

void network::tell_of_end(std::uint32_t from, std::uint32_t to, std::uint32_t run) {
    if (are_connected(from, to) && !is_stopped(from, to) && mutes_[link(from, to)] == 0) {
        events_.plan(events_.now() + delay(link(from, to)), event_kind::stream_ended, to, run);
    }
}

void network::run_ended(std::uint32_t place, std::uint32_t run) {
    for (std::uint32_t other = 0; other < places_; ++other) {
        tell_of_end(place, other, run);
        reset(place, other);
        reset(other, place);  // what survives finds another run there, and is dropped
    }
}

base::duration network::delay(std::size_t l) {
    // Spread evenly over the doublings, and evenly within one: near enough to what networks do,
    // without logarithms.
    auto d = weather_.shortest_delay * (std::int64_t{1} << random_.below(weather_.doublings));
    d += random_.between({}, d);
    if (weather_.spike > 0 && random_.chance(weather_.spike)) {
        ++counters_.spikes;
        d += random_.between({}, weather_.longest_spike);
    }
    if (slowness_[l].count() > 0) {
        d += random_.between({}, slowness_[l]);
    }
    return d;
}

bool network::is_stopped(std::uint32_t from, std::uint32_t to) const {
    const auto is_shut = [&](std::uint32_t a, std::uint32_t b) {
        return is_cut(a, b) || is_blocked(link(a, b), transport::stream);
    };
    return is_shut(from, to) || (weather_.one_way_cuts_stop_streams && is_shut(to, from));
}

/// What follows on the stream is not lost with it, as it would be until that is dialled anew: here
/// nothing large gets through, which is the worse for who relies on it.
bool network::is_too_large(number n) {
    return at(n).bytes.size() > most_on_narrow_ways && narrows_[link(at(n).from, at(n).to)] > 0;
}

void network::post_datagram(number n, base::duration extra) {
    const auto l = link(at(n).from, at(n).to);
    if (cuts_[l] > 0 || is_blocked(l, transport::datagram) || is_too_large(n) ||
        (weather_.loss > 0 && random_.chance(weather_.loss))) {
        ++counters_.lost;
        discard(n);
        return;
    }
    events_.plan(events_.now() + delay(l) + extra, event_kind::datagram, at(n).to, n);
    if (weather_.duplication > 0 && random_.chance(weather_.duplication)) {
        ++counters_.doubled;
        const auto copy = blank();
        at(copy) = at(n);
        events_.plan(events_.now() + delay(l) + extra, event_kind::datagram, at(copy).to, copy);
    }
}

void network::post_on_stream(number n, base::duration extra) {
    const auto& p = at(n);
    const auto l = link(p.from, p.to);
    auto& s = streams_[l];
    const bool cannot_connect =
        p.to_run == 0 || (is_stopped(p.from, p.to) && !weather_.streams_wait_out_cuts);
    if (cannot_connect || mutes_[l] > 0 || is_too_large(n) ||
        s.under_way.size() >= most_under_way) {
        ++counters_.lost;
        discard(n);
        return;
    }
    s.is_open = true;
    s.to_run = p.to_run;
    // with nothing but an address it dials, whatever streams there are
    s.is_dialled = s.is_dialled || p.is_to_nobody || !streams_[link(p.to, p.from)].is_dialled;
    // In order: nothing overtakes what was sent before it.
    s.last_due = std::max(s.last_due, events_.now() + delay(l) + extra);
    s.under_way.push_back({n, s.last_due, events_.now()});
    if (s.under_way.size() == 1) {
        plan_first(l);
    }
}

void network::plan_first(std::size_t l) {
    auto& s = streams_[l];
    if (!s.under_way.empty()) {
        events_.plan(s.under_way.front().due, event_kind::stream,
                     static_cast<std::uint32_t>(l % places_),
                     std::uint64_t{l} << 32 | s.generation);
        s.is_planned = true;
    }
}

}  // namespace holdfast::sim
