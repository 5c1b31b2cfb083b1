#include "node/process_watch.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace holdfast::node {
namespace {

// Each process is watched by several others, so that one of them is still there when it ends; and
// no peer holds many descriptors for it, however many run on one machine.
constexpr std::size_t watches_all_up_to = 8;
constexpr std::size_t watches_beyond = 3;

}  // namespace

std::map<peer_id, process_identity> process_watch::wanted(const view& v) const {
    std::map<peer_id, process_identity> here;
    if (own_.machine == 0) {
        return here;
    }
    for (const auto& m : v.members) {
        if (m.id != self_ && m.process.machine == own_.machine) {
            here.emplace(m.id, m.process);
        }
    }
    if (here.size() <= watches_all_up_to) {
        return here;
    }
    std::map<peer_id, process_identity> next;
    auto at = here.upper_bound(self_);
    while (next.size() < watches_beyond) {
        at = at == here.end() ? here.begin() : at;
        next.insert(*at++);
    }
    return next;
}

void process_watch::installed(const view& v) {
    auto now = wanted(v);
    for (const auto& [peer, process] : watched_) {
        if (!now.contains(peer)) {
            out_.push(unwatch_process{peer});
        }
    }
    for (const auto& [peer, process] : now) {
        if (!watched_.contains(peer)) {
            out_.push(watch_process{peer, process});
        }
    }
    watched_ = std::move(now);
}

}  // namespace holdfast::node
