#include "net/known_senders.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/assert.hpp"

namespace holdfast::net {

known_senders::known_senders(std::span<const std::byte> cluster_key, std::string_view cluster_name)
    : cluster_key_{cluster_key.begin(), cluster_key.end()}, cluster_{fingerprint(cluster_name)} {}

secret known_senders::subkey(const peer_id& sender) const {
    constexpr std::string_view label = "datagram";
    return derive(cluster_key_,
                  {{reinterpret_cast<const std::uint8_t*>(label.data()), label.size()},
                   cluster_,
                   bytes_of(sender)});
}

known_senders::entry* known_senders::find(const peer_id& sender) {
    const auto at = known_.find(sender);
    if (at == known_.end()) {
        return nullptr;
    }
    at->second.last_used = ++uses_;
    return &at->second;
}

void known_senders::has_proven(const peer_id& sender, std::uint64_t sent_before) {
    if (known_.contains(sender)) {
        return;
    }
    make_room();
    add(sender).window.begin_after(sent_before);
}

void known_senders::set_members(std::span<const peer_id> members) {
    const std::unordered_set<peer_id> now{members.begin(), members.end()};
    // who was removed never comes back (VIEW-3)
    std::erase_if(known_,
                  [&](const auto& k) { return k.second.is_member && !now.contains(k.first); });
    for (const auto& id : now) {
        const auto at = known_.find(id);
        (at == known_.end() ? add(id) : at->second).is_member = true;
    }
    members_ = now.size();
    HOLDFAST_ASSERT(known_.size() >= members_);
}

known_senders::entry& known_senders::add(const peer_id& sender) {
    const auto key = cluster_key_.empty() ? secret{} : subkey(sender);
    return known_.insert_or_assign(sender, entry{.key = key, .window = {}, .last_used = ++uses_})
        .first->second;
}

void known_senders::make_room() {
    if (known_.size() - members_ < most_others) {
        return;
    }
    auto oldest = known_.end();
    for (auto at = known_.begin(); at != known_.end(); ++at) {
        if (!at->second.is_member &&
            (oldest == known_.end() || at->second.last_used < oldest->second.last_used)) {
            oldest = at;
        }
    }
    HOLDFAST_ASSERT(oldest != known_.end());
    known_.erase(oldest);
}

}  // namespace holdfast::net
