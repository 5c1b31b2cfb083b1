// What this peer holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/hold_limits.hpp"
#include "lock/messages.hpp"
#include "lock/terms.hpp"

namespace holdfast::lock {

/// Tokens are unique for one lock only: two owners of one view both begin at 1.
using hold_key = std::pair<std::string, holdfast::token>;

struct held_lock {
    holdfast::slot at;
    request_number number;
    lock::terms terms{};
    bool is_contended = false;
    bool is_unclean = false;  // FATE: so was it when it came here
    // whose demands its program was told of
    std::vector<std::pair<peer_id, std::uint64_t>> asked_by{};
    hold_limits limits{};

    /// False: its program was told of this demand before.
    [[nodiscard]] bool note_demand(const peer_id& by, std::uint64_t number);
};

class local_holds {
public:
    using map = std::map<hold_key, held_lock>;

    [[nodiscard]] bool is_empty() const { return all_.empty(); }
    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] bool has(const hold_key& key) const { return all_.contains(key); }
    /// Null: it is not held.
    [[nodiscard]] held_lock* find(const hold_key& key);
    [[nodiscard]] const map& all() const { return all_; }
    void add(const hold_key& key, held_lock h);
    void remove(const hold_key& key) { all_.erase(key); }
    [[nodiscard]] map take_all() { return std::exchange(all_, {}); }

    struct limit_reached {
        hold_key key;
        hold_limits::verdict how{};
        stall_action on_stall{};
    };
    /// Those that have reached a limit.
    [[nodiscard]] std::vector<limit_reached> check_limits(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> next_limit() const;

    /// What is held in these, by slot.
    [[nodiscard]] std::map<slot, std::vector<hold_info>> in_slots(const std::set<slot>& wanted,
                                                                  const peer_id& self) const;
    /// OWN-4: what is held in the slots that are asked for.
    [[nodiscard]] report report_for(const gather& asked, const peer_id& self,
                                    std::uint64_t number) const;

private:
    friend struct explore::state_access;

    map all_;
};

}  // namespace holdfast::lock
