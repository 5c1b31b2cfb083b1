// Whose stream to this peer has ended: what a voter knows itself of a process that others certify
// as gone, and of machines that are not one (CERT-3).
#pragma once

#include <cstdint>
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
    /// `peer` runs at two hosts, so the machine that it says it runs on is two, as its clone is. A
    /// member on one of them does not see the processes of the other. False: it was known.
    bool seen_at_two_hosts(const peer_id& peer, const view& v) {
        const auto* m = v.find(peer);
        if (m != nullptr && m->process.machine != 0) {
            cloned_.insert(m->process.machine);
        }
        const bool is_news = at_two_hosts_.insert(peer).second;
        installed(v);
        return is_news;
    }
    [[nodiscard]] bool is_at_two_hosts(const peer_id& peer) const {
        return at_two_hosts_.contains(peer);
    }
    /// No end counts of who is on a machine that was cloned: no certificate of it then does.
    [[nodiscard]] bool has_ended(const peer_id& peer) const {
        return ended_.contains(peer) && !on_cloned_.contains(peer);
    }
    void installed(const view& v) {
        std::erase_if(ended_, [&](const peer_id& id) { return !v.has(id); });
        std::erase_if(at_two_hosts_, [&](const peer_id& id) { return !v.has(id); });
        on_cloned_.clear();
        for (const auto& m : v.members) {
            if (cloned_.contains(m.process.machine)) {
                on_cloned_.insert(m.id);
            }
        }
    }

private:
    std::set<peer_id> ended_;
    std::set<peer_id> at_two_hosts_;
    std::set<std::uint64_t> cloned_;  // machines, for good
    std::set<peer_id> on_cloned_;     // the members that say they run on one
};

}  // namespace holdfast::node
