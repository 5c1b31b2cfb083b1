// The holds of one lock at its owner, the oldest first. They are valid together (MODES), so one of
// them speaks for the modes of all. Members can make this long: a hold is found by its token, or by
// its request, in O(log n) (LOAD-1).
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

#include "base/retry.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"

namespace holdfast::lock {

struct granted_hold {
    hold_info what;
    std::string holder_name;   // as it was when the owner learned of it: the holder may be removed
    base::retry again{};       // of the grant, until it is acknowledged
    unsigned asked = 0;        // OWN-9
    base::time_point since{};  // the owner knows of it
    bool is_since_grant = false;                  // it was this owner that granted it
    std::optional<base::time_point> repeat_at{};  // the grant, as listed by the granter
};

class hold_set {
public:
    using map = std::map<token, granted_hold>;
    using patience = std::chrono::milliseconds;

    [[nodiscard]] bool empty() const { return by_token_.empty(); }
    [[nodiscard]] std::size_t size() const { return by_token_.size(); }
    [[nodiscard]] const map& all() const { return by_token_; }
    [[nodiscard]] map& all() { return by_token_; }
    /// That was granted last.
    [[nodiscard]] const granted_hold& newest() const { return by_token_.rbegin()->second; }
    /// Null: there is none.
    [[nodiscard]] const granted_hold* find(token t) const;
    [[nodiscard]] granted_hold* find(token t);
    [[nodiscard]] granted_hold* find(const peer_id& holder, request_number number);

    granted_hold& add(granted_hold h);
    void remove(token t);

    /// BREAK-2: the shortest patience of a hold whose policy has not been carried out yet.
    [[nodiscard]] std::optional<patience> shortest_patience() const {
        return patient_.empty() ? std::nullopt : std::optional{patient_.begin()->first};
    }
    /// Those with this patience or less; their policies are carried out now.
    [[nodiscard]] std::vector<const hold_info*> take_patient(patience at_most);

    void invariants() const;

private:
    friend struct explore::state_access;

    map by_token_;
    // of a number that a hostile report gives twice there are two
    std::set<std::tuple<peer_id, request_number, token>> by_request_;
    std::set<std::pair<patience, token>> patient_;
};

}  // namespace holdfast::lock
