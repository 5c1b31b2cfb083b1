// Whose stream to this peer has ended: what a voter knows itself of a process that others certify
// as gone (CERT-3).
#pragma once

#include <set>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

namespace holdfast::node {

class stream_ends {
public:
    /// `peer`, a member, has closed its last stream to this peer.
    void ended(const peer_id& peer) { ended_.insert(peer); }
    /// Something of it came, by any way: it lives, or what came is late. Either way it does not
    /// count as gone here.
    void heard(const peer_id& peer) {
        if (!ended_.empty()) {
            ended_.erase(peer);
        }
    }
    [[nodiscard]] bool has_ended(const peer_id& peer) const { return ended_.contains(peer); }
    void installed(const view& v) {
        std::erase_if(ended_, [&](const peer_id& id) { return !v.has(id); });
    }

private:
    std::set<peer_id> ended_;
};

}  // namespace holdfast::node
