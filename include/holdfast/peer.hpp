// One participant of a cluster: starting it, locking with it, leaving.
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

/// A peer that this one knows from the view (by agreement), from gossip, or from both.
struct known_peer {
    peer_id id;
    std::string name;
    endpoint address;
    bool is_member = false;  ///< in the view installed here
    bool is_voter = false;   ///< fills a seat of that view
    bool is_leaving = false;
    bool is_settled = false;   ///< a member with weight that owns its share; false: not yet
    std::uint32_t weight = 0;  ///< 0 for a peer that is no member
    std::size_t slots = 0;     ///< the number of slots that it owns
    holdfast::liveness liveness = holdfast::liveness::alive;
};

/// A handle of a running peer. Move-only. A moved-from handle may only be destroyed or assigned to.
///
/// Threads:
/// - Any thread may call anything at any time. Calls of different threads wait for each other at
///   most for microseconds.
/// - The peer has one thread for reading and timers, one callback thread, which is started when
///   first needed, and one for `on_event`, if that is given.
/// - Every callback of the application but `on_event` runs on the callback thread, in order and
///   outside every lock of the library, and may call the library. A callback that waits delays the
///   callbacks behind it, those of `hold::lost` too: give such calls a short `wait`, or make them
///   on another thread.
/// - `on_event` runs on a thread of its own, so one that waits (for who reads a log) delays events
///   alone. It may run at the same time as another callback.
/// - `leave()` in a callback fails with `would_deadlock`.
///
/// Fork: the peer and its holds stay with the parent. In the child every hold is invalid, every
/// call fails with `shutting_down` or answers nothing, and destroying the copies does nothing. A
/// child starts a peer of its own.
///
/// Memory that runs out: a message without memory, in or out, is lost, as a network loses messages
/// (`statistics::lacked_memory`). Where the peer's own state would be half changed, the peer stops
/// for good with `out_of_memory`. A call may throw std::bad_alloc while it makes its arguments or
/// its answer: it then holds nothing. Destructors and `release` never throw.
///
/// A peer stops for good (events::stopped) in these cases. Its holds are then lost, its calls fail
/// with that error, and the program goes on.
/// - `internal_error`: an invariant of the library is broken; the text says where.
/// - `seeds_differ`: its seeds cannot be those of its cluster.
/// - `out_of_memory`: see above.
class HOLDFAST_EXPORT peer {
public:
    /// Opens the sockets, starts the thread and returns. It does not wait for the cluster
    /// (`wait_ready` does).
    ///
    /// Errors: `bad_config`, `address_in_use`, `io_error`, `out_of_memory`. No thread and no socket
    /// is left behind then.
    [[nodiscard]] static result<peer> start(config options);

    peer(peer&&) noexcept;
    peer& operator=(peer&&) noexcept;
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    /// Leaves (see `leave`) for at most one lease, and closes the sockets, whatever holds, mutexes
    /// and elections live on.
    ~peer();

    /// Waits until this peer is a member with a running lease, so that locks can be granted to it.
    /// `lock` may be called before: it waits. A peer with weight that has joined owns its share of
    /// the names a little later (`known_peer::is_settled`).
    ///
    /// Errors:
    /// - `not_a_member`, `no_quorum`: not within `wait`; the text has the reason that is known;
    /// - `seeds_differ`, `wrong_key`, `wrong_cluster`, `version_mismatch`, `ring_not_supported`,
    ///   `clock_wrong`: not within `wait`, and this was the reason seen;
    /// - `cancelled` by `stop`, `shutting_down`.
    [[nodiscard]] result<void> wait_ready(std::chrono::nanoseconds wait,
                                          std::stop_token stop = {}) const;
    [[nodiscard]] bool is_ready() const;

    // ---- locks

    /// Waits up to `options.wait` for the lock `name` (1 to 512 bytes of any kind).
    ///
    /// Success: the lock is held until it is released or lost, alone or beside the holds that
    /// `options.mode` allows. Its token exceeds those of all earlier holds of `name` (FENCE).
    ///
    /// Errors. Nothing is held then, and nothing will be by this call (HOLD-6):
    /// - `timed_out`: others held the lock, or its owner did not answer;
    /// - `not_a_member`, `no_quorum`: at the end of the wait, nothing could be granted to this
    /// peer;
    /// - `cancelled`: by `options.stop`;
    /// - `broken`: this request was broken (BREAK-1);
    /// - `limit_differs`: others use this semaphore with another limit (LIMIT);
    /// - `name_too_long`, `value_too_long`, `too_many_requests`, `bad_config`, `would_deadlock`,
    ///   `shutting_down`: the lock was not asked for;
    /// - `internal_error`, `out_of_memory`, `seeds_differ`: the peer has stopped for good, see
    ///   above.
    [[nodiscard]] result<hold> lock(std::string_view name, lock_options options = {}) const;

    /// One try instead of a wait. It takes a round trip to the owner of the name, and up to about
    /// one lease while the name changes owners.
    ///
    /// Errors: as `lock`, and `would_block` when another holds the lock or waits for it. The text
    /// says who holds it and how many wait.
    [[nodiscard]] result<hold> try_lock(std::string_view name, lock_options options = {}) const;

    /// As `lock`, without a thread that waits.
    ///
    /// - Success: `then` is called once, on the callback thread, with the hold or the error, also
    ///   when the peer ends. A hold that it does not keep is released. It must not throw.
    /// - An error: the lock was not asked for, and `then` is never called.
    [[nodiscard]] result<void> lock_async(std::string_view name, lock_options options,
                                          std::function<void(result<hold>)> then) const;
    /// As `lock_async`, with a future. It is ready at once, with the error, if the lock was not
    /// asked for. Its destruction does not wait.
    [[nodiscard]] std::future<result<hold>> lock_future(std::string_view name,
                                                        lock_options options = {}) const;

    /// Waits for several locks and holds all of them or none.
    ///
    /// They are taken one after another in the byte order of their names, whatever the order given,
    /// so that programs which use this never wait for each other in a circle (ALL-1). `options`
    /// are those of each lock, its `wait` that of all together. `on_lost` is called for each hold
    /// that is lost.
    ///
    /// Success: the holds, in the order of the names as given.
    ///
    /// Errors. Nothing is held then:
    /// - as `lock`, with the name in the text;
    /// - the reason of a loss, as soon as one is lost while others are waited for; on the callback
    ///   thread a loss is seen only when the wait is over;
    /// - `bad_config`: a name is given twice.
    [[nodiscard]] result<std::vector<hold>> lock_all(std::vector<std::string> names,
                                                     lock_options options = {}) const;

    [[nodiscard]] holdfast::election election(std::string_view name) const;
    [[nodiscard]] holdfast::group group(std::string_view name) const;

    /// Calls `callback` with the state of the lock as soon as it is known, and after each change,
    /// also of the number of waiters.
    ///
    /// - States between two calls may be missed. The latest one never is, whatever happens to the
    ///   lock's owner.
    /// - While this peer cannot reach the owner, the last reported state stands.
    /// - Threads: on the callback thread, outside every lock of the library. It must not throw.
    /// - Errors: `name_too_long`, `shutting_down`.
    [[nodiscard]] result<observation> watch(std::string_view name,
                                            std::function<void(const lock_status&)> callback) const;

    // ---- reports (lock_report.hpp)

    /// The state of the lock `name`, from its owner. If the owner cannot answer for certain within
    /// `wait`, the report says what it does instead (`lock_report::state`).
    ///
    /// Errors: `not_a_member` (no view yet), `name_too_long`, `shutting_down`, and those of a peer
    /// that has stopped.
    [[nodiscard]] result<lock_report> inspect(std::string_view name,
                                              std::chrono::nanoseconds wait = std::chrono::seconds{
                                                  5}) const;
    /// All locks that are held or waited for. Errors as `inspect`.
    [[nodiscard]] result<lock_list> locks(std::chrono::nanoseconds wait = std::chrono::seconds{
                                              5}) const;

    // ---- operators (breaking.hpp). Each action is written to the audit log at a majority of the
    // seats before it is done, and again with its outcome. Errors of all of them:
    // - `no_quorum`: it could not be written, and was not done;
    // - `value_too_long` for `who` and `why`, `bad_config` for what is no token;
    // - those of `inspect`.

    /// Asks the holder's program to release this hold, and waits until it does.
    [[nodiscard]] result<break_outcome> request_release(std::string_view name,
                                                        holdfast::token token,
                                                        break_options options) const;
    /// Has the holder's library give this hold up (BREAK-1), whatever its program does. It takes a
    /// round trip while that library answers. Where the hold's policy wants several operators, this
    /// is the approval of one of them.
    [[nodiscard]] result<break_outcome> break_hold(std::string_view name, holdfast::token token,
                                                   break_options options) const;
    /// Has a majority of the seats remove this member (VIEW-8).
    ///
    /// Success: it is no member any more. Its locks are granted again when its lease has ended, at
    /// most one lease later. They are granted at once if a member on the same machine sees that its
    /// process is gone (CERT-1), or `options.fence` says so (CERT-2). A member that lives comes
    /// back as a new peer, without its holds.
    ///
    /// Errors: `timed_out`: it is still a member. A seat stays filled where fewer than a majority
    /// of filled seats would be left (VIEW-6).
    [[nodiscard]] result<void> evict(const peer_id& whom, break_options options) const;

    /// Founds a new cluster of these seats when a majority of the former seats is lost for good
    /// (FORCE-1).
    ///
    /// - Before: make sure that the former majority is stopped. If it is not, a lock can be held
    ///   in both clusters.
    /// - Where: at each peer that is to go on, with the same list. Choose seats that were members:
    ///   others know of no token. Replace a list that was named once only when a majority of it is
    ///   lost for good: peers that go on with different lists can each found a cluster.
    /// - What happens: this peer gives up its PeerId and takes part in the founding, as if it had
    ///   been started with these `seeds` and may bootstrap. Its holds are lost with its lease.
    /// - Tokens go on rising. With a `state_dir` at the peers named, they also exceed those that
    ///   the lost seats granted last, if the clocks were less than an hour ahead; without one, if
    ///   no clock was.
    /// - After: change the configuration too. A peer that is started with the former seeds does not
    ///   find the new cluster.
    ///
    /// Success: this peer has begun (see `wait_ready`). Errors: `bad_config`: a majority answers
    /// this peer, or these cannot be seats.
    [[nodiscard]] result<void> force_new_cluster(const std::vector<std::string>& seats) const;
    /// What operators and policies did, from a majority of the seats, and from when on that is
    /// whole (RECORD-1).
    ///
    /// Errors: `no_quorum`, and those of `inspect`.
    [[nodiscard]] result<audit_history> audit_log(
        std::chrono::nanoseconds wait = std::chrono::seconds{5}) const;

    // ---- the end

    /// Leaves the cluster and stops: releases the holds, hands the slots over, gives up the seat
    /// (LEAVE-1). Holds that still exist are lost with `shutting_down`.
    ///
    /// - Success: all of that is done, and no other peer has to wait for this peer's lease.
    /// - `timed_out`: it has stopped without a confirmation. Its locks are free after a lease.
    /// - Default of `wait`: 5 leases, the most that leaving can take.
    /// - A second call waits for the first and answers the same, whatever its own `wait`. Every
    ///   other call after it fails with `shutting_down`.
    /// - A peer that has stopped for good answers with that error.
    result<void> leave(std::optional<std::chrono::nanoseconds> wait = {});

    // ---- local answers, without I/O

    /// It can change: a peer that was evicted goes on under a new PeerId (events::restarted).
    [[nodiscard]] peer_id id() const;
    [[nodiscard]] const std::string& name() const;
    /// As advertised, with the port.
    [[nodiscard]] endpoint address() const;
    /// The view installed here. Null before the first.
    [[nodiscard]] std::shared_ptr<const holdfast::view> view() const;
    /// Those that are complained of as `two_clusters` (RIVAL-1). As a rule there is none.
    [[nodiscard]] std::vector<other_cluster> other_clusters() const;
    /// In the order of their PeerIds.
    [[nodiscard]] std::vector<known_peer> members() const;
    /// The member that owns `name` in the view installed here. `not_a_member` before the first.
    [[nodiscard]] result<member> owner_of(std::string_view name) const;
    [[nodiscard]] statistics stats() const;

private:
    friend class thread_lockable;
    explicit peer(std::shared_ptr<runtime::driver> d);

    std::shared_ptr<runtime::driver> driver_;
};

}  // namespace holdfast
