// The requests of this peer that are not answered yet, and when each is next due.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/ids.hpp>

#include "base/retry.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/acquire_params.hpp"

namespace holdfast::lock {

struct pending_request {
    // the number the caller knows; the key is the one the owner knows
    request_number caller;
    std::string name;
    holdfast::slot at{};
    acquire_params wanted{};
    bool was_asked = false;
    std::optional<base::retry> again{};     // none: waiting for a lease
    std::optional<base::time_point> due{};  // as scheduled
};

class pending_requests {
public:
    using map = std::map<request_number, pending_request>;
    using iterator = map::iterator;

    /// Under a new number, above all before it.
    iterator add(std::string_view name, acquire_params wanted);
    /// The same request under a fresh number.
    iterator renumber(iterator at);
    [[nodiscard]] pending_request remove(iterator at);
    [[nodiscard]] map take_all();

    [[nodiscard]] iterator find(request_number number) { return all_.find(number); }
    [[nodiscard]] iterator find_caller(request_number number);
    [[nodiscard]] iterator end() { return all_.end(); }
    [[nodiscard]] iterator begin() { return all_.begin(); }
    [[nodiscard]] bool is_empty() const { return all_.empty(); }
    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] request_number lowest() const { return all_.begin()->first; }

    /// After each change of `until` or of its tries.
    void schedule(iterator at);
    /// end(): none is due.
    [[nodiscard]] iterator find_due(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;

    void invariants() const;

private:
    friend struct explore::state_access;

    std::uint64_t last_number_ = 0;
    map all_;
    // the present number of requests that their callers know by another one (HOLD-7)
    std::map<request_number, request_number> renumbered_;
    // there may be many requests, and each is asked again once per A
    std::set<std::pair<base::time_point, request_number>> due_;
};

}  // namespace holdfast::lock
