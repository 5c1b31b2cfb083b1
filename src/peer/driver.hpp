// Runs one node: reads the clock, carries its messages, performs its outputs, and answers the calls
// of all threads.
//
// The node, the transport and the parts beside them are behind one mutex, which is held for
// microseconds: nothing under it waits, except for the disk when an epoch is written (founding
// only). Every entry goes through with_node(): call, drain the node, write once to each peer, arm
// the timer; then, outside, wake the callers that have an answer. The parts (lock_calls,
// held_locks, observers) never call the driver: they answer, and are handed what they need.
//
// A forked child has a copy of all this, perhaps in the midst of a change, with mutexes whose
// holders are not there and with sockets whose counters are the parent's. So it touches none of it,
// not even to destroy it: with_node() and locked() refuse there, and a child never ends a driver,
// but lets it lie.
#pragma once

#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <holdfast/config.hpp>
#include <holdfast/events.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/peer.hpp>
#include <holdfast/result.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "lock/quorum_query.hpp"
#include "net/transport.hpp"
#include "node/node.hpp"
#include "peer/clock.hpp"
#include "peer/dispatcher.hpp"
#include "peer/event_emitter.hpp"
#include "peer/fork_guard.hpp"
#include "peer/held_locks.hpp"
#include "peer/lock_calls.hpp"
#include "peer/loop.hpp"
#include "peer/mark_writer.hpp"
#include "peer/noexcept_error.hpp"
#include "peer/observers.hpp"
#include "peer/open_questions.hpp"
#include "peer/process_watcher.hpp"
#include "peer/setup.hpp"
#include "peer/timer.hpp"
#include "peer/watchdog.hpp"

namespace holdfast::runtime {

template <class Output>
concept part_of_an_audit = std::same_as<Output, node::audit_recorded> ||
    std::same_as<Output, node::audit_ended> || std::same_as<Output, node::audit_log_read>;
/// Said for the simulator's judge and for statistics.
template <class Output>
concept only_observed =
    std::same_as<Output, node::record_written> || std::same_as<Output, node::owner_granted>;

class driver : public std::enable_shared_from_this<driver> {
public:
    [[nodiscard]] static result<std::shared_ptr<driver>> start(config options);
    explicit driver(setup s);
    ~driver();

    // ---- calls of the application's threads (contracts: the public headers; driver_calls.cpp)

    [[nodiscard]] result<std::shared_ptr<hold_state>> acquire(std::string_view name,
                                                              lock_options options);
    /// `then` is called once on the callback thread, unless this fails.
    [[nodiscard]] result<void> acquire_later(
        std::string_view name, lock_options options,
        std::function<void(result<std::shared_ptr<hold_state>>)> then);
    result<void> release(hold_state& h, const peer_id& heir = {});
    void progress(hold_state& h);
    [[nodiscard]] base::duration remaining(const hold_state& h);
    [[nodiscard]] std::optional<errc> why_lost(const hold_state& h);
    [[nodiscard]] std::stop_token at_risk(const hold_state& h);
    [[nodiscard]] result<std::shared_ptr<observer>> observe(
        const std::string& name, bool wants_all, std::function<void(const lock_status&)> callback);
    void stop_observing(observer& o);
    [[nodiscard]] result<void> wait_ready(base::duration wait, const std::stop_token& stop);
    result<void> leave(std::optional<base::duration> wait);
    /// The end, for whatever reason: everything is lost, the threads are joined. Again: nothing.
    void stop();

    // ---- local questions

    [[nodiscard]] bool is_forked() const { return process_.is_forked(); }
    [[nodiscard]] const base::settings& settings() const { return settings_; }
    [[nodiscard]] const config& options() const { return options_; }
    [[nodiscard]] bool is_ready();
    [[nodiscard]] statistics stats();

    // ---- for admin

    /// An error: `act` was not called (a forked child; closed), or this peer was closed in it.
    /// Throws nothing that `act` threw. `inside`: the call whose thread this is.
    template <class Act>
    result<void> with_node(Act&& act, call* inside = nullptr);
    /// For questions: what `question` answers under the mutex; a default in a forked child.
    template <class Question>
    auto locked(Question&& question) -> std::invoke_result_t<Question, const node::node&>;
    /// Under the mutex.
    [[nodiscard]] result<void> check_open() const;
    /// Asks all of it, and waits until enough is answered, or `until`. An error: this peer was
    /// closed, or in no cluster.
    [[nodiscard]] result<void> inquire(lock::quorum_query& asked, base::time_point until);
    /// Until `is_done`, told the view or null, says so, which an output of the node brings about.
    /// An error: this peer has stopped, or the time is over.
    template <class Done>
    [[nodiscard]] result<void> wait_until(Done&& is_done, base::duration at_most = longest_wait);
    /// Under the mutex: tells it how its audit goes on, until unfollow().
    void follow(audit_call& a) { open_.add(a); }
    void unfollow(audit_call& a);
    /// FORCE-1: this PeerId ends; the next one has these seeds, and may found.
    [[nodiscard]] result<void> start_over_with(std::vector<endpoint> seeds);

private:
    result<void> open(found_records found);
    void drain();
    void drain_node();
    void tell_ends();
    void write_out();  // before streams go
    void publish();
    void set_timer();
    bool on_readable();
    bool on_timer();
    bool on_process();
    void on_written(const result<epoch>& mark);
    void on_written(const records_written& what);
    void receive(const net::received& packet);
    void refresh_lease();
    void restart();
    void close(error why) noexcept;
    /// Only from what is agreed: any host that can send a packet can cause a complaint.
    [[nodiscard]] error why_no_grant() const;
    [[nodiscard]] statistics totals() const;

    /// Asks; `then` under the mutex, when it was asked and before any answer.
    result<void> begin(call* inside, call& c, auto&& then);
    void send_request(call& c);
    void cancel(call& c);
    void read_for(call& c, bool is_broken);

    // ---- what the node wants done (driver_outputs.cpp)

    void perform(node::send& o);
    void perform(node::persist_mark& o) { writer_.write(o.mark); }
    void perform(node::persist_records& o) { writer_.write(std::move(o)); }
    void perform(node::granted& o);
    void perform(node::request_failed& o);
    void perform(node::hold_lost& o) { held_.on_lost(o); }
    void perform(node::hold_stalled& o);
    void perform(node::release_requested& o) { held_.on_release_requested(o.what); }
    void perform(node::broke_by_policy& o);
    void perform(node::answered& o);
    void perform(node::unanswered& o);
    void perform(node::at_risk& o);
    void perform(node::view_installed& o);
    void perform(node::liveness_changed& o);
    void perform(node::check_process& o);
    void perform(node::watch_process& o);
    void perform(node::unwatch_process& o) { processes_.unwatch(o.peer); }
    void perform(node::lock_changed& o) { observers_.on_changed(o, *node_); }
    void perform(part_of_an_audit auto& o) { hear(o); }
    void perform(only_observed auto&) {}
    void perform(node::must_restart& o) { restart_ = o; }
    void perform(node::has_left& o);
    void perform(node::problem& o);
    void perform(node::dial_again& o);
    void hear(auto& o);

    const fork_guard process_;
    const config options_;
    base::settings settings_, next_;  // of the start, never changed; of the node and its successor
    net::transport_options transport_options_;
    endpoint advertise_;
    dispatcher dispatcher_, event_dispatcher_;  // what is told of holds waits for no `on_event`

    std::mutex mutex_;
    // of is_ready_, has_left_, closed_, departure_ and open_
    std::condition_variable_any changed_;
    std::unique_ptr<net::transport> transport_;  // null after stop()
    net::transport_statistics last_traffic_;     // of then
    net::sink sink_;
    std::unique_ptr<node::node> node_;
    std::shared_ptr<const view> view_;
    base::shared_slot_map map_;
    std::vector<std::byte> buffer_;
    event_emitter events_;
    lock_calls calls_;
    held_locks held_;
    observers observers_;
    open_questions open_;
    bool is_ready_ = false, is_leaving_ = false, has_left_ = false;
    std::optional<result<void>> departure_;  // what the first leave() answers, when it is over
    std::optional<error> closed_;
    std::optional<node::must_restart> restart_;  // done when the transport has finished reading
    std::vector<peer_id> removed_peers_;         // streams to drop, likewise
    statistics totals_;  // what this class counts, and the sums of former nodes

    std::unique_ptr<watchdog> watchdog_;  // config::watchdog
    timer timer_;
    process_watcher processes_;
    mark_writer writer_;
    std::mutex stop_mutex_;  // one stop() at a time
    std::unique_ptr<loop> loop_;
};

template <class Act>
result<void> driver::with_node(Act&& act, call* inside) {
    if (is_forked()) {
        return tl::unexpected<error>{make_error_noexcept(errc::shutting_down)};
    }
    result<void> outcome;
    wake_list wakeups;
    {
        const std::lock_guard guard{mutex_};
        if (closed_) {
            return tl::unexpected<error>{copy_noexcept(*closed_)};
        }
        calls_.enter(inside, wakeups);
        try {
            transport_->cork();
            act(*node_);
            drain();
            if (!closed_) {
                write_out();
            }
            if (!closed_ && transport_->has_ended_some()) {
                drain();  // LOAD-4: streams that broke as they were written
            }
            if (!closed_) {
                transport_->uncork();
                set_timer();
            }
        } catch (const std::bad_alloc&) {
            // As below: the node may be in the midst of a change. A packet that finds no memory
            // costs less (`receive`).
            close(make_error_noexcept(errc::out_of_memory));
        } catch (const std::exception& e) {
            // An invariant of ours is broken (base::broken_invariant): what we know may be wrong,
            // so every right ends now. This peer stops; the program goes on.
            close(make_error_noexcept(errc::internal_error,
                                      {explain(errc::internal_error), ": ", e.what()}));
        }
        calls_.leave();
        if (closed_) {
            // no exception may reach the loop
            outcome = tl::unexpected<error>{copy_noexcept(*closed_)};
        }
    }
    wakeups.run();
    return outcome;
}

void driver::hear(auto& o) {
    if (open_.hear(o)) {
        changed_.notify_all();
    }
}

template <class Done>
result<void> driver::wait_until(Done&& is_done, base::duration at_most) {
    if (is_forked()) {
        return tl::unexpected<error>{make_error_noexcept(errc::shutting_down)};
    }
    std::unique_lock guard{mutex_};
    changed_.wait_for(guard, at_most, [&] { return is_done(view_.get()) || closed_; });
    if (is_done(view_.get())) {
        return {};
    }
    return tl::unexpected<error>{closed_ ? copy_noexcept(*closed_)
                                         : make_error_noexcept(errc::timed_out)};
}

template <class Question>
auto driver::locked(Question&& question) -> std::invoke_result_t<Question, const node::node&> {
    if (is_forked()) {
        return std::invoke_result_t<Question, const node::node&>();
    }
    const std::lock_guard guard{mutex_};
    return question(*node_);
}

}  // namespace holdfast::runtime
