#include "swim/roster.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"

namespace holdfast::swim {

roster::effect roster::apply(const rumour& told, base::time_point now) {
    const auto at = peers_.find(told.about);
    if (at != peers_.end()) {
        auto& k = at->second;
        if (k.suspected && told.state == condition::suspect &&
            told.incarnation == k.told.incarnation) {
            // Confirmations by different peers shorten the suspicion; only those expected count.
            const bool counts = k.suspected->suspected_by.size() <= k.suspected->expected &&
                                k.suspected->suspected_by.insert(told.by).second;
            note_next_overdue();
            return counts ? effect::confirmed : effect::none;
        }
        if (std::pair{told.incarnation, told.state} <=
                std::pair{k.told.incarnation, k.told.state} ||
            k.told.state == condition::left) {
            return effect::none;
        }
    }
    const bool is_new = at == peers_.end();
    HOLDFAST_ASSERT(is_new || told.incarnation >= at->second.told.incarnation);
    auto& k = peers_[told.about];
    if (!is_new) {
        probed_at_.erase({k.told.address, told.about});
    }
    const bool differs = is_new || k.told.state != told.state || k.told.address != told.address;
    k.told = told;
    k.changed = differs ? now : k.changed;
    k.suspected.reset();
    suspects_.erase(told.about);
    if (k.is_probed()) {
        probed_at_.insert({told.address, told.about});
    }
    k.is_hearsay = !k.is_probed() && (is_new || k.is_hearsay);
    if (told.state == condition::suspect) {
        const auto members = alive();
        // without the peer that suspects and the suspect
        const auto others = members > 2 ? members - 2 : 0;
        const auto shortest = shortest_suspicion(settings_, members);
        const auto longest = base::duration{static_cast<base::duration::rep>(
            settings_.suspicion_max_mult * static_cast<double>(shortest.count()))};
        k.suspected = suspicion{
            now, shortest, longest, std::min(settings_.suspicion_confirmations, others), {told.by}};
        suspects_.insert(told.about);
    }
    HOLDFAST_ASSERT(k.suspected.has_value() == (told.state == condition::suspect));
    note_next_overdue();
    return is_new ? effect::added : differs ? effect::changed : effect::renewed;
}

const known_peer* roster::find(const peer_id& id) const {
    const auto at = peers_.find(id);
    return at == peers_.end() ? nullptr : &at->second;
}

bool roster::is_monitored(const known_peer& k) const {
    return role_ == role::voter || members_.contains(k.told.about) ||
           (role_ == role::outsider && is_at_seat(k));
}

bool roster::is_at_seat(const known_peer& k) const {
    const auto& seats = settings_.seeds;
    return std::find(seats.begin(), seats.end(), k.told.address) != seats.end();
}

std::vector<peer_id> roster::those_that_are(condition state) const {
    std::vector<peer_id> out;
    for (const auto& [id, k] : peers_) {
        if (k.told.state == state) {
            out.push_back(id);
        }
    }
    return out;
}

std::vector<peer_id> roster::some_alive(std::size_t count, const peer_id& but,
                                        base::random_source& random) const {
    std::vector<peer_id> out_of;
    for (const auto& [id, k] : peers_) {
        if (k.told.state == condition::alive && id != but && is_monitored(k)) {
            out_of.push_back(id);
        }
    }
    random.shuffle(out_of);
    out_of.resize(std::min(out_of.size(), count));
    return out_of;
}

std::optional<peer_id> roster::alive_seat_or_other(base::random_source& random) const {
    const auto all = some_alive(peers_.size(), {}, random);
    const auto at_seat = std::find_if(all.begin(), all.end(),
                                      [&](const peer_id& id) { return is_at_seat(peers_.at(id)); });
    return at_seat != all.end() ? std::optional{*at_seat}
           : all.empty()        ? std::nullopt
                                : std::optional{all.front()};
}

std::vector<rumour> roster::told_first_hand() const {
    std::vector<rumour> out;
    for (const auto& [id, k] : peers_) {
        if (!k.is_hearsay) {
            out.push_back(k.told);
        }
    }
    return out;
}

std::vector<rumour> roster::overdue(base::time_point now) const {
    std::vector<rumour> out;
    if (!base::is_due(next_overdue_, now)) {
        return out;
    }
    for (const auto& id : suspects_) {
        if (const auto& k = peers_.at(id); k.suspected->ends() <= now) {
            out.push_back(k.told);
        }
    }
    return out;
}

void roster::note_next_overdue() {
    next_overdue_.reset();
    for (const auto& id : suspects_) {
        base::earlier(next_overdue_, peers_.at(id).suspected->ends());
    }
}

/// That are probed, and say that they live there.
template <class Visit>
void roster::for_each_at(const endpoint& address, Visit visit) const {
    for (auto at = probed_at_.lower_bound({address, {}});
         at != probed_at_.end() && at->first == address; ++at) {
        visit(peers_.at(at->second).told);
    }
}

bool roster::has_alive_at(const endpoint& address) const {
    bool is_found = false;
    for_each_at(address,
                [&](const rumour& r) { is_found = is_found || r.state == condition::alive; });
    return is_found;
}

std::vector<rumour> roster::others_at(const endpoint& address, const peer_id& but) const {
    std::vector<rumour> out;
    for_each_at(address, [&](const rumour& r) {
        if (r.about != but) {
            out.push_back(r);
        }
    });
    return out;
}

void roster::forget_old(base::time_point now) {
    std::erase_if(peers_, [&](const auto& p) {
        return !p.second.is_probed() && now - p.second.changed > settings_.forget_dead_after;
    });
}

void roster::invariants() const {
    if (!base::checks_everything()) {
        return;
    }
    std::optional<base::time_point> earliest;
    std::size_t probed = 0;
    for (const auto& [id, k] : peers_) {
        HOLDFAST_ASSERT(id == k.told.about);
        HOLDFAST_ASSERT(k.suspected.has_value() == (k.told.state == condition::suspect));
        HOLDFAST_ASSERT(!k.is_hearsay || !k.is_probed());
        HOLDFAST_ASSERT(k.suspected.has_value() == suspects_.contains(id));
        HOLDFAST_ASSERT(k.is_probed() == probed_at_.contains({k.told.address, id}));
        probed += k.is_probed() ? 1 : 0;
        if (k.suspected) {
            HOLDFAST_ASSERT(!k.suspected->suspected_by.empty());
            HOLDFAST_ASSERT(k.suspected->suspected_by.size() <= k.suspected->expected + 1);
            base::earlier(earliest, k.suspected->ends());
        }
    }
    HOLDFAST_ASSERT(probed == probed_at_.size());
    HOLDFAST_ASSERT(next_overdue_ == earliest);
}

}  // namespace holdfast::swim
