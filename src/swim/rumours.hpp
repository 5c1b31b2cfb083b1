// What is worth telling: each rumour rides on a bounded number of messages (SWIM section 4.1).
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include <holdfast/ids.hpp>

#include "swim/messages.hpp"

namespace holdfast::swim {

/// At most this often is one rumour sent in a group of `members`: ceil(mult * log10(members + 1)).
[[nodiscard]] std::size_t transmissions(double mult, std::size_t members);

class rumours {
public:
    /// A newer rumour about a peer takes the place of the older.
    void add(const rumour& told) { waiting_[told.about] = {told, 0}; }
    void drop(const peer_id& about) { waiting_.erase(about); }
    [[nodiscard]] bool empty() const { return waiting_.empty(); }
    /// Those sent least often first, as many as fit a datagram; each counts as sent once more.
    /// `first`, if any, goes along in front and is not counted.
    [[nodiscard]] std::vector<rumour> take(std::size_t limit, const rumour* first = nullptr);

    void invariants() const;

private:
    struct entry {
        rumour told;
        std::size_t sent = 0;
    };
    std::map<peer_id, entry> waiting_;
};

}  // namespace holdfast::swim
