// The members of a group and a note of each: a lock that the members hold together.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/events.hpp>
#include <holdfast/export.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>
#include <holdfast/token.hpp>
#include <holdfast/watch.hpp>

namespace holdfast {

namespace runtime {
class driver;
}

/// One member of a group. A process may be in a group more than once; the tokens differ.
struct group_entry {
    peer_id peer;
    std::string peer_name;
    std::string note;
    holdfast::token token;
    holdfast::liveness liveness = holdfast::liveness::alive;  ///< as gossip believes here
    bool operator==(const group_entry&) const = default;
};

/// A change of a group's members since the last call.
struct group_change {
    std::string group;
    std::vector<group_entry> joined;
    std::vector<group_entry> left;     ///< they left, or were lost with their peer
    std::vector<group_entry> members;  ///< all of them, in the order of their joining
};

/// Being in a group, until it leaves or its peer loses its lease. What `hold` says of validity,
/// threads and lifetime is true of it.
class HOLDFAST_EXPORT membership {
public:
    [[nodiscard]] holdfast::token token() const { return hold_.token(); }
    [[nodiscard]] bool is_valid() const { return hold_.is_valid(); }
    explicit operator bool() const { return is_valid(); }
    [[nodiscard]] std::stop_token lost() const { return hold_.lost(); }
    [[nodiscard]] std::stop_token at_risk() const { return hold_.at_risk(); }
    [[nodiscard]] std::optional<errc> why_lost() const { return hold_.why_lost(); }
    /// Leaves now. Other members may still see it for a moment. Errors as `hold::release`.
    result<void> leave() { return hold_.release(); }

private:
    friend class group;
    explicit membership(hold h) : hold_{std::move(h)} {}

    hold hold_;
};

/// One group, from `peer::group`. A small handle: it may be copied and may outlive the peer, whose
/// calls then fail with `shutting_down`.
///
/// Groups and locks share their names. An exclusive request for a group's name waits until the
/// group is empty, and keeps it empty.
class HOLDFAST_EXPORT group {
public:
    [[nodiscard]] const std::string& name() const { return name_; }

    /// Joins. `options.note` is what the other members see: its address, say.
    ///
    /// Errors: as `peer::lock`, and `bad_config` for a semaphore's mode.
    [[nodiscard]] result<membership> join(lock_options options = {}) const;

    /// The members, in the order of their joining. Linearizable (LOOK-1): a member that joined
    /// before this call and is still in the group is among them.
    ///
    /// Errors: as `peer::inspect`, and `timed_out` when the owner cannot answer for certain within
    /// `wait`.
    [[nodiscard]] result<std::vector<group_entry>> members(
        std::chrono::nanoseconds wait = std::chrono::seconds{5}) const;

    /// Calls `callback` with the present members as soon as they are known (all of them `joined`),
    /// and after each change. The rules of `election::observe` hold.
    [[nodiscard]] result<observation> watch(
        std::function<void(const group_change&)> callback) const;

private:
    friend class peer;
    group(std::shared_ptr<runtime::driver> d, std::string name)
        : driver_{std::move(d)}, name_{std::move(name)} {}

    std::shared_ptr<runtime::driver> driver_;
    std::string name_;
};

}  // namespace holdfast
