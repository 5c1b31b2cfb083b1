// What a member tells new owners of its holds (OWN-4, OWN-12, HOLD-1).
#include <algorithm>
#include <set>
#include <utility>

#include "lock/holder.hpp"
#include "lock/orphans.hpp"

namespace holdfast::lock {

void holder::on(const peer_id& from, const gather& asked, base::time_point now) {
    if (!view_ || view_->number < asked.named || asked.promise > view_->epoch) {
        return;  // NET-3: the views up to it are on their way, and the ask is repeated
    }
    for (const auto& s : asked.slots) {
        if (link_.owner_of(s) != from) {
            return;  // OWN-8: it will see the same once it has our views, or we its
        }
    }
    promise(asked.slots, asked.promise);
    auto answer = held_.report_for(asked, self_, ++last_report_);
    delays_.add_to(answer, asked, now);
    if (reported_.size() >= most_reported) {
        reported_.clear();
    }
    // LOAD-4: when it is asked for again, the former one may still be under way
    const auto attempt = reported_[{from, asked.serial}]++;
    out_.push(send{from, std::move(answer), attempt});
}

/// OWN-12: what its new owners would ask of the slots whose owners this view removed.
void holder::tell_of_orphans(const view_change& s, base::time_point now) {
    const auto orphans = orphans_of(s);
    const auto collector = collector_of(*view_);
    if (orphans.empty() || collector.is_nil()) {
        return;
    }
    std::set<slot> all;
    for (const auto& [owner, slots] : orphans) {
        all.insert(slots.begin(), slots.end());
        promise(slots, view_->epoch);
    }
    const auto held = held_.in_slots(all, self_);
    no_holds none{view_->number, {}};
    for (const auto& [owner, slots] : orphans) {
        report told{view_->number, 0, 0, false, {}};
        std::size_t bytes = 0;
        for (const auto& at : slots) {
            if (const auto found = held.find(at); found != held.end()) {
                told.holds.insert(told.holds.end(), found->second.begin(), found->second.end());
            }
        }
        for (const auto& h : told.holds) {
            bytes += bytes_of(h);
        }
        told.is_too_large = bytes > bytes_in_a_message;  // it asks, for some slots at a time
        delays_.add_to(told, {view_->number, view_->epoch, 0, slots}, now);
        if (!told.is_too_large && told.holds.empty() && told.delays.empty()) {
            continue;
        }
        none.except.push_back(owner);
        if (!told.is_too_large) {
            told.number = ++last_report_;
            out_.push(send{owner, std::move(told)});
        }
    }
    out_.push(send{collector, std::move(none)});
}

void holder::promise(const std::vector<slot>& slots, epoch least) {
    for (const auto& s : slots) {
        auto& promised = promises_[s];
        promised = std::max(promised, least);
    }
}

}  // namespace holdfast::lock
