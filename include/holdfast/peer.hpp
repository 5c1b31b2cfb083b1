// A peer: this process as a participant of a cluster.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/config.hpp>
#include <holdfast/election.hpp>
#include <holdfast/events.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>
#include <holdfast/view.hpp>

namespace holdfast {

class driver;

struct acquire_options {
    /// How long to wait for others. None: for ever. Zero: as `try_lock`.
    std::optional<std::chrono::milliseconds> wait{};
    /// Ends the wait with `cancelled`; the lock is then not held.
    std::stop_token stop{};
    /// Kept with the hold and shown to others; at most 1024 bytes.
    std::string note{};
};

/// Any thread may call anything, as many at once as they like. Copies are the same peer; the last one dropped leaves.
class peer {
public:
    /// Opens the sockets and begins to look for the cluster; does not wait for it (`wait_ready` does, and `lock` waits
    /// within its own time). `bad_config`, `address_in_use`, `io`.
    [[nodiscard]] static result<peer> start(config options);

    /// Waits until this peer is a member with a running lease. `not_a_member` or `no_quorum`, with what is known of the
    /// reason (other seeds, a wrong key) in the text.
    [[nodiscard]] result<void> wait_ready(std::chrono::milliseconds at_most) const;

    /// Waits up to `options.wait` for the lock. The token of the hold is greater than that of every earlier hold of it.
    /// `timed_out`: others have it. `no_quorum`, `not_a_member`: nobody can be granted it here now. `cancelled`,
    /// `shutting_down`, `name_too_long`, `value_too_long`, `too_many`. In every one of these nothing is held, and
    /// nothing will be (HOLD-6).
    [[nodiscard]] result<hold> lock(std::string_view name, const acquire_options& options = {}) const;
    /// Gets it now or says `would_block`. Costs one round trip to the lock's owner; `no_quorum` when that does not answer
    /// within the lease.
    [[nodiscard]] result<hold> try_lock(std::string_view name) const;

    [[nodiscard]] holdfast::election election(std::string name) const;

    /// Hands over what it owns, gives up what it holds (those holds are lost as `shutting_down`), and tells the others,
    /// so that nobody waits for a lease. Returns when that is done, at the latest after five leases; this peer can only
    /// be dropped then. Called by the last handle's destructor too.
    void leave() const;

    [[nodiscard]] peer_id id() const;                     ///< changes when the peer had to start anew (events::restarted)
    [[nodiscard]] endpoint address() const;               ///< as advertised
    [[nodiscard]] std::shared_ptr<const view> installed() const;  ///< null before this peer is a member
    [[nodiscard]] bool is_leased() const;
    /// The member that owns `name` in the installed view; nothing before there is one.
    [[nodiscard]] std::optional<member> owner_of(std::string_view name) const;
    /// What gossip believes of everybody it has heard of, this peer included.
    [[nodiscard]] std::vector<events::belief_changed> roster() const;
    [[nodiscard]] statistics stats() const;

private:
    struct handle;
    explicit peer(std::shared_ptr<handle> h);
    std::shared_ptr<handle> handle_;
};

}  // namespace holdfast
