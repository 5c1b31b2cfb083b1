#include "node/newcomer_ways.hpp"

#include "base/assert.hpp"

namespace holdfast::node {

std::optional<newcomer_ways::question> newcomer_ways::asks(const peer_id& joiner,
                                                           base::time_point now) {
    if (newcomers_.size() >= base::limits::members) {
        std::erase_if(newcomers_, [&](const auto& n) { return !is_fresh(n.second.asked, now); });
    }
    const auto known = newcomers_.find(joiner);
    if (known == newcomers_.end() && newcomers_.size() >= base::limits::members) {
        return std::nullopt;  // as for joiners: there may be any number of PeerIds
    }
    const bool is_repeat = known != newcomers_.end() && is_fresh(known->second.asked, now);
    auto& n = newcomers_[joiner];
    const auto copy_age = is_repeat ? now - n.asked : base::duration::zero();
    if (!is_repeat) {
        n = {};
        n.number = random_.next();  // one number for as long as it asks, however late the answers
    }
    n.asked = now;
    return question{*probe(joiner, now), copy_age};
}

bool newcomer_ways::answered(const peer_id& joiner, const views::way_echo& answer, bool by_stream,
                             base::time_point now) {
    const auto known = newcomers_.find(joiner);
    if (known == newcomers_.end() || known->second.number != answer.number) {
        return false;
    }
    const bool was_shown = has_shown(joiner, now);
    (by_stream ? known->second.by_stream : known->second.by_datagram) = now;
    return !was_shown && has_shown(joiner, now);
}

bool newcomer_ways::has_shown(const peer_id& joiner, base::time_point now) const {
    const auto known = newcomers_.find(joiner);
    return known != newcomers_.end() && is_fresh(known->second.by_stream, now) &&
           is_fresh(known->second.by_datagram, now);
}

std::optional<views::way_probe> newcomer_ways::probe(const peer_id& joiner,
                                                     base::time_point now) const {
    const auto known = newcomers_.find(joiner);
    if (known == newcomers_.end()) {
        return std::nullopt;
    }
    const auto& n = known->second;
    return views::way_probe{n.number, address_, is_fresh(n.by_stream, now),
                            is_fresh(n.by_datagram, now), 0};
}

void newcomer_ways::installed(const view& v) {
    std::erase_if(newcomers_, [&](const auto& n) { return v.has(n.first); });
}

void newcomer_ways::invariants() const {
    HOLDFAST_ASSERT(newcomers_.size() <= base::limits::members);
}

}  // namespace holdfast::node
