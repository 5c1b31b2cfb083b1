// Streams that a waiting caller reads itself.
#include "base/assert.hpp"
#include "net/stream_table.hpp"

namespace holdfast::net {

std::optional<int> stream_table::claim(const peer_id& peer) {
    if (claims_.contains(peer)) {
        return std::nullopt;
    }
    const auto id = usable_stream(peer);
    if (id == 0) {
        return std::nullopt;
    }
    auto& s = *streams_.at(id);
    HOLDFAST_ASSERT(!s.is_claimed);
    claims_.insert({peer, {id, nullptr}});
    s.is_claimed = true;
    rewatch(id, s);
    return s.fd();
}

void stream_table::read_claimed(const peer_id& peer, const sink& to) {
    if (const auto at = claims_.find(peer); at != claims_.end()) {
        HOLDFAST_ASSERT(streams_.contains(at->second.id) != (at->second.ended != nullptr));
        read_stream(at->second.id, to);
    }
}

void stream_table::give_back(const peer_id& peer) {
    const auto at = claims_.find(peer);
    if (at == claims_.end()) {
        return;
    }
    const auto id = at->second.id;
    claims_.erase(at);
    if (const auto s = streams_.find(id); s != streams_.end()) {
        s->second->is_claimed = false;
        rewatch(id, *s->second);
    }
}

}  // namespace holdfast::net
