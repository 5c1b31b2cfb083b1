// Whose datagrams are read (SEAL-2): of the members of our view, and of peers that have proven
// themselves on a stream to this start of ours. Of each, what was already received.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/time.hpp"
#include "net/seal.hpp"

namespace holdfast::net {

class known_senders {
public:
    /// `cluster_key` empty: nothing is sealed.
    known_senders(std::span<const std::byte> cluster_key, std::string_view cluster_name);

    [[nodiscard]] secret subkey(const peer_id& sender) const;

    struct entry {
        secret key;
        replay_window window;
        bool is_member = false;
        base::time_point heard{};  ///< a datagram of it, last
        std::uint64_t last_used = 0;
    };
    /// Null: its datagrams are not read.
    [[nodiscard]] entry* find(const peer_id& sender);
    /// It has proven itself on a stream, and said how many datagrams it had sent before: those are
    /// not read. So one that was forgotten can come back, and what was recorded of it cannot.
    void has_proven(const peer_id& sender, std::uint64_t sent_before);
    /// Those of our view. They are not forgotten as long as they are members, however many others
    /// come and go.
    void set_members(std::span<const peer_id> members);
    /// This peer starts under a new PeerId.
    void clear() {
        known_.clear();
        members_ = 0;
    }

private:
    // that are no members: those that were silent for longest are forgotten
    static constexpr std::size_t most_others = 4096;

    entry& add(const peer_id& sender);
    void make_room();

    std::vector<std::byte> cluster_key_;
    std::array<std::uint8_t, 8> cluster_;
    std::unordered_map<peer_id, entry> known_;
    std::size_t members_ = 0;
    std::uint64_t uses_ = 0;
};

}  // namespace holdfast::net
