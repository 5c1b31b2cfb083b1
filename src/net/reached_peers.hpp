// Which peers the streams reached that we have dialled, and at which addresses. What a peer says of
// its address, or where a datagram of it seems to come from, shows nothing of that (SEAL-3).
#pragma once

#include <map>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>

#include "net/transport.hpp"

namespace holdfast::net {

class reached_peers {
public:
    void reached(const endpoint& at, const peer_id& peer) {
        now_.insert_or_assign(peer, at);
        news_.push_back({at, peer});
    }
    /// The stream has ended.
    void lost(const endpoint& at, const peer_id& peer) {
        if (const auto known = now_.find(peer); known != now_.end() && known->second == at) {
            now_.erase(known);
        }
    }
    /// Nil: no stream that we have dialled is one to it.
    [[nodiscard]] endpoint address_of(const peer_id& peer) const {
        const auto at = now_.find(peer);
        return at == now_.end() ? endpoint{} : at->second;
    }
    [[nodiscard]] bool has_news() const { return !news_.empty(); }
    [[nodiscard]] std::vector<reached_peer> take_news() { return std::exchange(news_, {}); }

private:
    std::map<peer_id, endpoint> now_;
    std::vector<reached_peer> news_;
};

}  // namespace holdfast::net
