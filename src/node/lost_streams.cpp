#include "node/lost_streams.hpp"

namespace holdfast::node {

bool lost_streams::lost(const peer_id& peer, base::time_point now) {
    auto& known = known_[peer];
    if (now < known.not_before) {
        due_.set(peer, known.listed, known.not_before);
        return false;
    }
    known.not_before = now + settings_.retry;
    due_.set(peer, known.listed, std::nullopt);
    return true;
}

std::vector<peer_id> lost_streams::due(base::time_point now) {
    auto out = due_.due(now);
    for (const auto& peer : out) {
        auto& known = known_.at(peer);
        known.not_before = now + settings_.retry;
        due_.set(peer, known.listed, std::nullopt);
    }
    return out;
}

void lost_streams::installed(const view& v) {
    for (auto at = known_.begin(); at != known_.end();) {
        if (v.has(at->first)) {
            ++at;
            continue;
        }
        due_.set(at->first, at->second.listed, std::nullopt);
        at = known_.erase(at);
    }
}

}  // namespace holdfast::node
