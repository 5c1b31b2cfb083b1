// What each member takes up at this owner, and whether it may have more (LOAD-3).
//
// Only what is new is ever refused. What was agreed to is counted, and never refused: a table, what
// members report, and the grants of those that wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"
#include "lock/owner_output.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

class quotas {
public:
    struct usage {
        std::size_t waiting = 0;
        std::size_t holds = 0;
        std::size_t bytes = 0;  // of both
        std::size_t watches = 0;
        std::uint64_t refused = 0;
        std::optional<base::time_point> told_at{};
        [[nodiscard]] bool is_none() const { return waiting == 0 && holds == 0 && watches == 0; }
    };

    explicit quotas(const base::settings& settings) : settings_{settings} {}

    [[nodiscard]] bool has_room(const peer_id& member, const request& asked) const;
    [[nodiscard]] bool has_room_to_watch(const peer_id& member) const;
    /// What a person should know of it, now and then.
    [[nodiscard]] std::optional<quota_reached> refused(const peer_id& member, base::time_point now);

    template <class Asked>
    void add_waiting(const peer_id& member, const Asked& what) {
        auto& u = all_[member];
        ++u.waiting;
        u.bytes += bytes_of(what);
    }
    template <class Asked>
    void remove_waiting(const peer_id& member, const Asked& what) {
        auto& u = all_[member];
        --u.waiting;
        u.bytes -= bytes_of(what);
    }
    void add_hold(const hold_info& h) {
        auto& u = all_[h.holder];
        ++u.holds;
        u.bytes += bytes_of(h);
    }
    void remove_hold(const hold_info& h) {
        auto& u = all_[h.holder];
        --u.holds;
        u.bytes -= bytes_of(h);
    }
    void add_watch(const peer_id& member) { ++all_[member].watches; }
    void remove_watch(const peer_id& member) { --all_[member].watches; }
    void drop_non_members(const view& v);

    [[nodiscard]] usage of(const peer_id& member) const {
        const auto at = all_.find(member);
        return at == all_.end() ? usage{} : at->second;
    }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    /// `each(member, usage)`
    template <class Each>
    void for_each(Each each) const {
        for (const auto& [member, u] : all_) {
            each(member, u);
        }
    }

private:
    friend struct explore::state_access;

    const base::settings& settings_;
    std::unordered_map<peer_id, usage> all_;
    std::uint64_t refused_ = 0;
};

}  // namespace holdfast::lock
