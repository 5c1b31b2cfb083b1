// Who takes part in something, with a note of each: a lock that its members hold together.
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

struct lock_options {
    /// What the others see of this member: its address, say. At most 1024 bytes.
    std::string note{};
    /// How long to wait. None: for ever.
    std::optional<std::chrono::nanoseconds> wait{};
    std::stop_token stop{};
    /// As in `lock_options`.
    std::function<void(errc why)> on_lost{};
};

/// One member of a group. A process may be in it more than once: the token tells one from the
/// other.
struct group_entry {
    peer_id peer;
    std::string peer_name;
    std::string note;
    holdfast::token token;
    holdfast::liveness liveness =
        holdfast::liveness::alive;  ///< what gossip believes of its peer, here
    bool operator==(const group_entry&) const = default;
};

/// What has changed since the last call, and how it is now.
struct group_change {
    std::string group;
    std::vector<group_entry> joined;
    std::vector<group_entry> left;     ///< or lost, with its peer
    std::vector<group_entry> members;  ///< in the order of their joining
};

/// Being in a group: until it leaves, or its peer loses its lease. Everything said of `hold` is
/// true of it.
class HOLDFAST_EXPORT membership {
public:
    [[nodiscard]] holdfast::token token() const { return hold_.token(); }
    [[nodiscard]] bool is_valid() const { return hold_.is_valid(); }
    explicit operator bool() const { return is_valid(); }
    [[nodiscard]] std::stop_token lost() const { return hold_.lost(); }
    [[nodiscard]] std::stop_token at_risk() const { return hold_.at_risk(); }
    [[nodiscard]] std::optional<errc> why_lost() const { return hold_.why_lost(); }
    /// Here and now; others may see it for a moment longer. See `hold::release`.
    result<void> leave() { return hold_.release(); }

private:
    friend class group;
    explicit membership(hold h) : hold_{std::move(h)} {}

    hold hold_;
};

/// From `peer::group`. A small handle: copy it, keep it beyond the peer (calls fail with
/// `shutting_down` then). Groups and locks share their names: who asks for a group's name as a lock
/// waits until it is empty, and keeps it so.
class HOLDFAST_EXPORT group {
public:
    [[nodiscard]] const std::string& name() const { return name_; }

    /// Fails as `peer::lock`; `value_too_long` for the note.
    [[nodiscard]] result<membership> join(lock_options options = {}) const;
    /// Linearizable (LOOK-1): whoever joined before this was called, and is in it still, is among
    /// them. In the order of their joining. Fails as `peer::inspect`, and with `timed_out` where
    /// that would tell of an owner that cannot answer for certain.
    [[nodiscard]] result<std::vector<group_entry>> members(
        std::chrono::nanoseconds wait = std::chrono::seconds{5}) const;
    /// Calls `callback` with the present members as soon as they are known (all of them `joined`),
    /// and after each change, as `election::observe` does.
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
