#include "net/dial_back_off.hpp"

#include <algorithm>

namespace holdfast::net {

bool dial_back_off::may_dial(const endpoint& at, base::time_point now) const {
    const auto found = waits_.find(at);
    return found == waits_.end() || now >= found->second.until;
}

void dial_back_off::has_failed(const endpoint& at, base::time_point now) {
    auto& w = waits_[at];
    w.length = std::clamp<base::duration>(w.length * 2, first, longest);
    w.until = now + w.length;
    if (waits_.size() > most) {
        waits_.clear();
    }
}

}  // namespace holdfast::net
