#include "sim/lasting_faults.hpp"

namespace holdfast::sim {

std::uint64_t lasting_faults::begin(change what, base::duration how_long) {
    for (const auto& [from, to] : what.cut) {
        machines_.net().cut(from, to);
    }
    for (const auto& [from, to] : what.blocked) {
        machines_.net().block(from, to, what.blocks);
    }
    for (const auto& [from, to] : what.muted) {
        machines_.net().mute(from, to);
    }
    if (what.without_gossip) {
        ++without_gossip_[*what.without_gossip];
    }
    held_up_tables_ += what.holds_tables_up ? 1 : 0;
    all_.emplace(++last_number_, std::move(what));
    events_.plan(events_.now() + how_long, event_kind::end_of_fault, 0, last_number_);
    return last_number_;
}

std::optional<lasting_faults::change> lasting_faults::end(std::uint64_t number) {
    const auto at = all_.find(number);
    if (at == all_.end()) {
        return std::nullopt;
    }
    auto what = std::move(at->second);
    all_.erase(at);
    take_back(what);
    return what;
}

void lasting_faults::end_all() {
    for (const auto& [number, what] : all_) {
        take_back(what);
    }
    all_.clear();
}

void lasting_faults::take_back(const change& what) {
    for (const auto& [from, to] : what.cut) {
        machines_.net().heal(from, to);
    }
    for (const auto& [from, to] : what.blocked) {
        machines_.net().unblock(from, to, what.blocks);
    }
    for (const auto& [from, to] : what.muted) {
        machines_.net().unmute(from, to);
    }
    for (const auto& [from, to] : what.slowed) {
        machines_.net().slow_down(from, to, {});
    }
    if (what.without_gossip) {
        --without_gossip_[*what.without_gossip];
    }
    held_up_tables_ -= what.holds_tables_up ? 1 : 0;
    if (what.slewed) {
        machines_.slew(*what.slewed, 0);
    }
}

}  // namespace holdfast::sim
