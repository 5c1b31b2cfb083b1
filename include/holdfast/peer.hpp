// One participant of a cluster: start it, lock with it, leave.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/audit_log.hpp>
#include <holdfast/config.hpp>
#include <holdfast/election.hpp>
#include <holdfast/error.hpp>
#include <holdfast/events.hpp>
#include <holdfast/export.hpp>
#include <holdfast/group.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/lock_report.hpp>
#include <holdfast/result.hpp>
#include <holdfast/view.hpp>
#include <holdfast/watch.hpp>

namespace holdfast {

namespace runtime {
class driver;
}

/// A peer that this one knows: by agreement (it is in the view), by gossip, or by both.
struct known_peer {
    peer_id id;
    std::string name;
    endpoint address;
    bool is_member = false;  ///< in the view installed here
    bool is_voter = false;   ///< fills a seat of it
    bool is_leaving = false;
    std::uint32_t weight = 0;  ///< 0 for who is no member
    std::size_t slots = 0;     ///< how many slots it owns
    holdfast::liveness liveness = holdfast::liveness::alive;
};

/// A handle of a running peer. Move-only; a moved-from one may only be destroyed or assigned to.
///
/// Threads: any thread may call anything, at any time; calls of different threads do not wait for
/// each other longer than a few microseconds. The peer has one thread of its own for reading and
/// timers, and a second one, started with it for `on_event` and else when first needed, on which
/// every callback of the application runs, in order, outside every lock of the library. A callback
/// may call the library. What waits in a callback delays the callbacks behind it, those of `lost`
/// too: give such calls a short `wait`, or do them on a thread of your own. `leave()` in a callback
/// fails with `would_deadlock`.
///
/// A fork: the peer and its holds stay with the parent. In the child every hold is invalid, every
/// call fails with `shutting_down` or tells nothing, and destroying the copies there does nothing,
/// for they may be in the midst of a change. Start a peer of its own there.
///
/// Memory that runs out: a message that finds none, in or out, is lost, as networks lose some
/// (`statistics::lacked_memory`). Where it would leave the peer's own state half changed, the peer
/// stops for good with `out_of_memory`. A call may throw std::bad_alloc while it makes its
/// arguments or its answer; then nothing is held by it. Destructors and `release` never throw.
///
/// Errors inside: this peer stops for good (events::stopped) when an invariant of the library
/// breaks (`internal_error`, the text tells where), when it cannot write to its `state_dir` (`io`),
/// or when its seeds cannot be those of its cluster
/// (`seeds_differ`). Its holds are lost, its calls fail with that error, and the program goes on.
class HOLDFAST_EXPORT peer {
public:
    /// Opens the sockets, starts the thread, and returns without waiting for the cluster
    /// (`wait_ready` does). Fails with `bad_config`, `address_in_use`, `io`, `out_of_memory`; then
    /// no thread and no socket is left behind.
    [[nodiscard]] static result<peer> start(config options);

    peer(peer&&) noexcept;
    peer& operator=(peer&&) noexcept;
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    /// Leaves (see `leave`), for at most one lease: the others would wait that long for its locks
    /// if it just ended. The sockets are closed then, whatever holds, mutexes and elections live
    /// on.
    ~peer();

    /// Waits until this peer is a member with a running lease, so that it can be granted locks.
    /// Calls of `lock` may be made before that; they wait. `not_a_member`, `no_quorum`: not within
    /// `wait`, with the reason as far as it is known (or `seeds_differ`, `wrong_key`,
    /// `wrong_cluster`, `version`, `ring_not_supported` when that was seen). `cancelled`,
    /// `shutting_down`.
    [[nodiscard]] result<void> wait_ready(std::chrono::nanoseconds wait,
                                          std::stop_token stop = {}) const;
    [[nodiscard]] bool is_ready() const;

    /// Waits up to `options.wait` for the lock `name` (1 to 512 bytes of any kind).
    /// Success: it is held until released or lost, alone, or as `options.mode` says beside others;
    /// its token exceeds that of every earlier hold of `name` (FENCE). `limit_differs`: others use
    /// this semaphore with another limit (LIMIT). `timed_out`: others have it, or its owner did not
    /// answer. `not_a_member`, `no_quorum`: nobody can be granted it here now; these end a call
    /// only when its wait does. `cancelled`: by `options.stop`. `shutting_down`, `too_many`,
    /// `name_too_long`, `value_too_long`: it was not asked for. `broken`: somebody broke this
    /// request (BREAK-1). `internal_error`, `out_of_memory`, `io`, `seeds_differ`: the peer has
    /// stopped for good, see above. In each case nothing is held and nothing will be (HOLD-6).
    [[nodiscard]] result<hold> lock(std::string_view name, lock_options options = {}) const;
    /// As `lock`, with one answer instead of a wait: `would_block` when another has it or waits for
    /// it; the text says who has it and how many wait. Takes a round trip to the owner of the name;
    /// while the name changes owners, up to about a lease, after which it fails with `timed_out`.
    [[nodiscard]] result<hold> try_lock(std::string_view name, lock_options options = {}) const;

    /// As `lock`, without a thread that waits. Success: `then` is called once, on the callback
    /// thread, with the hold or the error; when the peer ends, too. An error: it was not asked for,
    /// and `then` is never called. `then` must not throw; a hold that it does not keep is released.
    /// The stop token ends the wait as it does in `lock`.
    [[nodiscard]] result<void> lock_async(std::string_view name, lock_options options,
                                          std::function<void(result<hold>)> then) const;
    /// The same as a future, which is ready at once with the error when it was not asked for. Its
    /// destruction does not wait.
    [[nodiscard]] std::future<result<hold>> lock_future(std::string_view name,
                                                        lock_options options = {}) const;

    /// Several locks, all or none: taken one after another in the order of the bytes of their
    /// names, whatever the order given, so that programs which ask so never wait for each other in
    /// a circle. `options` is for each of them, its `wait` for all together; `on_lost` is called
    /// for each that is lost. Success: the holds, in the order of the names as given. Fails as
    /// `lock`, with the name in the text, and with the reason of a loss as soon as one is lost
    /// while others are waited for; then none is held. A name that is given twice: `bad_config`. On
    /// the callback thread a loss is heard of when the wait is over.
    [[nodiscard]] result<std::vector<hold>> lock_all(std::vector<std::string> names,
                                                     lock_options options = {}) const;

    [[nodiscard]] holdfast::election election(std::string_view name) const;
    [[nodiscard]] holdfast::group group(std::string_view name) const;

    /// Calls `callback` with how the lock stands as soon as that is known, and after each change,
    /// also of how many wait. Between two calls states may be missed, the last one is not, whatever
    /// becomes of the lock's owner; while this peer cannot reach the owner the last state stands.
    /// On the callback thread, outside every lock of the library. Must not throw. Fails with
    /// `name_too_long` or `shutting_down`.
    [[nodiscard]] result<observation> watch(std::string_view name,
                                            std::function<void(const lock_status&)> callback) const;

    // ---- looking (look.hpp)

    /// How `name` stands, from its owner. When that cannot tell for certain within `wait`, the
    /// report says what it is doing instead (`lock_report::state`). Fails with `not_a_member`
    /// without a view, `name_too_long`, `shutting_down`, and as above.
    [[nodiscard]] result<lock_report> inspect(std::string_view name,
                                              std::chrono::nanoseconds wait = std::chrono::seconds{
                                                  5}) const;
    /// All locks that are held or waited for.
    [[nodiscard]] result<lock_list> locks(std::chrono::nanoseconds wait = std::chrono::seconds{
                                              5}) const;

    // ---- ending holds of others (breaking.hpp). Each is recorded at a majority of the seats
    // before it is done, and again with what came of it; `no_quorum`: it could not be recorded, and
    // was not done. Other failures as those of `look`, `value_too_long` for who and why,
    // `bad_config` for what is no token.

    /// Tells the holder's program that this hold is wanted back, and waits for it to be released.
    [[nodiscard]] result<break_outcome> request_release(std::string_view name,
                                                        holdfast::token token,
                                                        break_options options) const;
    /// Has the holder's library give this hold up (BREAK-1), whatever its program does. A round
    /// trip, while the library answers. Where the hold's policy wants several operators, this is
    /// the approval of one of them.
    [[nodiscard]] result<break_outcome> break_hold(std::string_view name, holdfast::token token,
                                                   break_options options) const;
    /// Has a majority of the seats remove this member (VIEW-8). Success: it is none any more; its
    /// locks are granted again once its lease is over, at most one length of it later; at once if
    /// its process is seen to be gone by a member on its machine (CERT-1) or `options.fence` says
    /// so (CERT-2). If it lives, it comes back as a new peer, without its holds. `timed_out`: it
    /// still is a member. A seat stays where a majority of filled seats would not be left (VIEW-6).
    [[nodiscard]] result<void> evict(const peer_id& whom, break_options options) const;
    /// When a majority of the seats is gone for good (FORCE-1): this peer gives up what it was and
    /// takes part in founding a cluster of these seats, as if it had been started with them as
    /// `seeds` and may found; do it at each peer that is to go on, with the same list, and choose
    /// the seats among those that were members: who was none knows of no token. A list once named
    /// may only be replaced when a majority of it is gone for good: peers that go on with different
    /// lists can each found a cluster. Tokens go on rising, also above those of what the lost seats
    /// may have done last that nobody here heard of, if the peers named have a `state_dir` and
    /// those clocks were less than an hour ahead (without: if no clock was). It is your word that
    /// the former majority is stopped: if it is not, locks can be held in both. Success: this peer
    /// has begun; see `wait_ready`. `bad_config`: a majority answers this peer, or these cannot be
    /// seats. What it held was lost with its lease. Change the configuration, too: a peer that is
    /// started with the former seeds does not find the new cluster.
    [[nodiscard]] result<void> force_new_cluster(const std::vector<std::string>& seats) const;
    /// What was done so, oldest first, from a majority of the seats; else `no_quorum`.
    [[nodiscard]] result<std::vector<audit_record>> audit_log(
        std::chrono::nanoseconds wait = std::chrono::seconds{5}) const;

    /// Leaves the cluster: releases the holds, hands its slots over, gives up its seat, and stops
    /// (LEAVE-1); holds that are still there are lost with `shutting_down`. Success: all of that is
    /// done, and nobody has to wait for a lease to run out. `timed_out`: it has stopped without
    /// having heard so; others get its locks after a lease. Default wait: 5 leases, the most it can
    /// take. Every other call after it fails with `shutting_down`; another `leave`, also while the
    /// first is under way: answers what the first does, when that is done, whatever its own wait.
    /// The error of a peer that has stopped for good (events::stopped) is answered, too.
    result<void> leave(std::optional<std::chrono::nanoseconds> wait = {});

    /// It may change: a peer that was evicted goes on under a new one (events::restarted).
    [[nodiscard]] peer_id id() const;
    [[nodiscard]] const std::string& name() const;
    /// As advertised, the port filled in.
    [[nodiscard]] endpoint address() const;
    /// The view installed here; null before the first.
    [[nodiscard]] std::shared_ptr<const holdfast::view> view() const;
    /// In the order of their PeerIds.
    [[nodiscard]] std::vector<known_peer> members() const;
    /// Which member owns `name` in the view installed here. `not_a_member` before the first.
    [[nodiscard]] result<member> owner_of(std::string_view name) const;
    [[nodiscard]] statistics stats() const;

private:
    friend class thread_lockable;
    explicit peer(std::shared_ptr<runtime::driver> d);

    std::shared_ptr<runtime::driver> driver_;
};

}  // namespace holdfast
