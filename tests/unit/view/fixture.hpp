// An environment whose answers a test sets, views that follow one another, and what a machine said.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/message_groups.hpp"
#include "made_up.hpp"
#include "view/agreement.hpp"

namespace view_test {

using namespace holdfast;
using namespace holdfast::views;
using made_up::address;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

/// Slot maps all look alike; the checksum of a view is its number.
struct set_environment final : environment {
    std::map<peer_id, base::duration> silences;
    std::set<peer_id> vouched_for;
    std::set<peer_id> dead;
    std::set<peer_id> replaced;

    base::duration left{};
    base::duration lease_left() const override { return left; }
    std::set<peer_id> ended;
    bool has_ended_stream(const peer_id& id) const override { return ended.contains(id); }
    base::duration time_since_ack(const peer_id& id, base::time_point) const override {
        const auto at = silences.find(id);
        return at == silences.end() ? base::duration::zero() : at->second;
    }
    bool vouches_for(const peer_id& id, base::time_point) const override {
        return vouched_for.contains(id);
    }
    /// 0 of those that are not named (OWN-11)
    std::map<peer_id, base::duration> renewing;
    base::duration renewed_for(const peer_id& id, base::time_point) const override {
        const auto at = renewing.find(id);
        return at == renewing.end() ? base::duration::zero() : at->second;
    }
    std::set<peer_id> mute;
    bool is_found_mute(const peer_id& id, base::time_point) const override {
        return mute.contains(id);
    }
    std::set<peer_id> way_fails;  // JOIN-2: of others both ways have been seen
    bool has_shown_ways(const peer_id& id, base::time_point) const override {
        return !way_fails.contains(id);
    }
    bool seats_are_reached = false;
    bool reaches_seats(base::time_point) const override { return seats_are_reached; }
    bool seems_alive(const peer_id& id) const override { return !dead.contains(id); }
    std::set<peer_id> undialled;
    bool has_dialled(const endpoint&, const peer_id& id) const override {
        return !undialled.contains(id);
    }
    bool is_replaced_at(const endpoint&, const peer_id& id) const override {
        return replaced.contains(id);
    }
    base::shared_slot_map first_map(const view& v) const override {
        return std::make_shared<const base::slot_map>(
            base::slot_map{{peer(1)}, std::vector<std::uint16_t>(v.slots, 0)});
    }
    base::shared_slot_map next_map(const base::shared_slot_map&, const view&,
                                   const view& after) const override {
        return first_map(after);
    }
    std::uint64_t checksum(const view& v, const base::slot_map&) const override {
        return v.number.value;
    }
};

/// A change that does nothing but raise number and epoch.
inline change empty_change(const view& before) {
    change c;
    c.cluster = before.cluster;
    c.number = before.number.next();
    c.epoch = {before.epoch.value + 1};
    c.checksum = c.number.value;
    return c;
}

/// A joiner without a seat, in a cluster of `seats` seats.
inline join asked_by(std::uint64_t n, const base::settings& settings, std::size_t seats = 3) {
    join asked;
    asked.self = made_up::member(n);
    for (std::uint64_t s = 1; s <= seats; ++s) {
        asked.seeds.push_back(address(s));
    }
    asked.shown = view_number{1};
    asked.terms = {settings.lease, settings.drift_ppm()};
    return asked;
}

}  // namespace view_test
