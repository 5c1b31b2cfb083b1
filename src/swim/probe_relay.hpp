// Probes that this peer does for others, and what it owes them: an ack that came, or in time a nack
// (Lifeguard).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/time.hpp"

namespace holdfast::swim {

class probe_relay {
public:
    struct asker {
        std::uint64_t sequence = 0;  // the asker's own
        peer_id peer;
        endpoint address;
    };

    /// `sequence` is that of our ping. The asker is told nack at `nack_at`, unless an ack came
    /// before; an ack that comes after that and before `ends` is still passed on.
    void start(std::uint64_t sequence, const asker& by, base::time_point nack_at,
               base::time_point ends);
    /// An ack came: whom to pass it on to, once.
    [[nodiscard]] std::optional<asker> take(std::uint64_t sequence);
    /// Who is to be told nack now.
    [[nodiscard]] std::vector<asker> tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;

private:
    struct favour {
        asker by;
        std::optional<base::time_point> nack_at;  // none once it was told
        base::time_point ends;
    };
    std::map<std::uint64_t, favour> favours_;  // by the sequence of our ping
};

}  // namespace holdfast::swim
