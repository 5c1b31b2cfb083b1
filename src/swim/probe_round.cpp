#include "swim/probe_round.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"

namespace holdfast::swim {
namespace {

bool may_be_next(const known_peer* k, const roster& peers) {
    return k != nullptr && k->is_probed() && peers.is_monitored(*k);
}

}  // namespace

void probe_round::enter(const peer_id& id, const roster& peers, base::random_source& random) {
    if (!may_be_next(peers.find(id), peers) ||
        std::find(order_.begin(), order_.end(), id) != order_.end()) {
        return;
    }
    const auto place = random.below(order_.size() + 1);
    order_.insert(std::next(order_.begin(), static_cast<std::ptrdiff_t>(place)), id);
    next_ += place < next_ ? 1 : 0;
}

std::optional<peer_id> probe_round::next(const roster& peers, base::random_source& random) {
    for (std::size_t tries = 0; tries <= order_.size() + 1; ++tries) {
        if (next_ >= order_.size()) {
            order_.clear();
            for (const auto& [id, k] : peers.all()) {
                if (may_be_next(&k, peers)) {
                    order_.push_back(id);
                }
            }
            random.shuffle(order_);
            next_ = 0;
            if (order_.empty()) {
                return std::nullopt;
            }
        }
        const auto id = order_[next_++];
        if (may_be_next(peers.find(id), peers)) {
            return id;
        }
    }
    return std::nullopt;
}

void probe_round::invariants() const {
    HOLDFAST_ASSERT(next_ <= order_.size());
    if (base::checks_everything()) {
        auto sorted = order_;
        std::sort(sorted.begin(), sorted.end());
        HOLDFAST_ASSERT(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    }
}

}  // namespace holdfast::swim
