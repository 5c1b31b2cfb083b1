// The requests of this peer that are not answered yet, and when each is next due.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/agenda.hpp"
#include "base/retry.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/acquire_params.hpp"
#include "lock/queued_requests.hpp"

namespace holdfast::lock {

struct pending_request {
    // the number the caller knows; the key is the one the owner knows
    request_number caller;
    std::string name;
    holdfast::slot at{};
    acquire_params wanted{};
    bool was_asked = false;
    bool is_queued = false;  // its owner has said so: it is asked after with the others (QUEUED)
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
    /// Each of these has to be sent or to end.
    [[nodiscard]] std::vector<request_number> due(base::time_point now) { return due_.due(now); }
    [[nodiscard]] std::optional<base::time_point> deadline() const;

    /// LOAD-4: those that were asked for, or after, in slots that `is_meant(slot)`, are again at
    /// once.
    template <class Meant>
    void make_due(Meant is_meant, base::time_point now) {
        for (const auto number : due_.all()) {
            const auto at = all_.find(number);
            auto& p = at->second;
            if (p.again && p.again->attempt > 0 && !p.is_queued && is_meant(p.at)) {
                p.again->next = now;
                schedule(at);
            }
        }
        queued_.make_due(is_meant, now);
    }

    /// QUEUED: it is asked after then, or as soon as another one for the same lock.
    void note_queued(iterator at, base::time_point ask_after);
    void note_unqueued(iterator at);
    /// `send_one(name, of_lock)`, which plans the next try, for each lock whose turn it is.
    template <class Send>
    void ask_after(base::time_point now, Send send_one) {
        queued_.ask_after(now, send_one);
    }
    void heard_of_queued(const std::string& name, base::time_point next) {
        queued_.heard(name, next);
    }
    /// When it is asked after; nothing: it is not.
    [[nodiscard]] std::optional<base::time_point> asks_after(request_number number) const;

    void invariants() const;

private:
    friend struct explore::state_access;

    std::uint64_t last_number_ = 0;
    map all_;
    // the present number of requests that their callers know by another one (HOLD-7)
    std::map<request_number, request_number> renumbered_;
    base::agenda<request_number> due_;
    queued_requests queued_;
};

}  // namespace holdfast::lock
