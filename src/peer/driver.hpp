// Runs one node: reads the clock, carries its messages, performs its outputs, and answers the calls
// of all threads.
//
// The node, the transport and the tables beside them are behind one mutex, which is held for
// microseconds: nothing under it waits, except for the disk when an epoch is written (founding
// only). Every stay inside goes through `within`: act, drain the node, write once to each peer, set
// the timer; then, outside, wake whoever has an answer.
//
// A forked child has a copy of all this, perhaps in the midst of a change, with mutexes whose
// holders are not there and with sockets whose counters are the parent's. So it touches none of it,
// not even to destroy it: `within` and `look` let nobody in there, and a child never ends a driver,
// but lets it lie.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/config.hpp>
#include <holdfast/election.hpp>
#include <holdfast/events.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/peer.hpp>
#include <holdfast/result.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "net/transport.hpp"
#include "node/node.hpp"
#include "peer/calls.hpp"
#include "peer/deadman.hpp"
#include "peer/dispatcher.hpp"
#include "peer/grip.hpp"
#include "peer/loop.hpp"
#include "peer/setup.hpp"
#include "peer/timer.hpp"
#include "peer/watchers.hpp"

namespace holdfast::runtime {

// Closing a peer, and saying how a call ended that has had its effect, must not fail, even when
// memory is what is missing.

[[nodiscard]] inline error without_text_if_need_be(const error& e) noexcept {
    try {
        return e;
    } catch (const std::bad_alloc&) {
        return {e.code, {}};
    }
}
[[nodiscard]] inline result<void> without_text_if_need_be(const result<void>& r) noexcept {
    return r ? result<void>{} : tl::unexpected<error>{without_text_if_need_be(r.error())};
}
[[nodiscard]] inline error in_words(errc code,
                                    std::initializer_list<std::string_view> parts) noexcept {
    try {
        std::string text;
        for (const auto part : parts) {
            text += part;
        }
        return {code, std::move(text)};
    } catch (const std::bad_alloc&) {
        return {code, {}};
    }
}
[[nodiscard]] inline error in_words(errc code) noexcept { return in_words(code, {explain(code)}); }

/// What gossip believes, as the application is told it.
[[nodiscard]] belief belief_of(swim::condition what);

/// Longer waits are for ever as far as anybody can tell, and added to a present time they would
/// overflow.
constexpr base::duration longest_wait = std::chrono::hours{24 * 365};

class driver : public std::enable_shared_from_this<driver> {
public:
    [[nodiscard]] static result<std::shared_ptr<driver>> start(config options);
    explicit driver(setup s);
    ~driver();
    driver(const driver&) = delete;
    driver& operator=(const driver&) = delete;

    // ---- calls of the application's threads (contracts: the public headers)

    [[nodiscard]] result<std::shared_ptr<grip>> acquire(std::string_view name,
                                                        acquire_options options);
    /// `then` is called once on the callback thread, unless this fails.
    [[nodiscard]] result<void> acquire_later(
        std::string_view name, acquire_options options,
        std::function<void(result<std::shared_ptr<grip>>)> then);
    result<void> release(grip& g, const peer_id& heir = {});
    void progress(grip& g);
    [[nodiscard]] result<void> wait_ready(base::duration wait, const std::stop_token& stop);
    result<void> leave(std::optional<base::duration> wait);
    /// The end, for whatever reason: everything is lost, the threads are joined. Again: nothing.
    void stop();

    // ---- looking and breaking (driver_questions.cpp)

    [[nodiscard]] result<lock_report> look_at(std::string_view name, base::duration wait);
    [[nodiscard]] result<lock_list> list(base::duration wait);
    [[nodiscard]] result<break_outcome> urge(lock::urging how, std::string_view name,
                                             holdfast::token token, break_options options);
    [[nodiscard]] result<void> evict(const peer_id& whom, break_options options);
    [[nodiscard]] result<std::vector<record>> history(base::duration wait);
    [[nodiscard]] result<void> force_view(const std::vector<std::string>& seats);

    [[nodiscard]] result<std::shared_ptr<observer>> observe(
        const std::string& name, bool wants_all, std::function<void(const lock_status&)> callback);
    void stop_observing(const observer& o);

    // ---- local questions

    /// Until when this peer may act, by the boot clock; the epoch of that clock when it may not at
    /// all.
    [[nodiscard]] base::time_point lease_end() const {
        return base::time_point{base::duration{lease_end_.load(std::memory_order_acquire)}};
    }
    [[nodiscard]] bool is_forked() const { return born_ != fork_count(); }
    [[nodiscard]] base::duration lease_length() const { return settings_.lease; }
    [[nodiscard]] const std::string& name() const { return settings_.name; }
    [[nodiscard]] endpoint address() const { return settings_.address; }
    [[nodiscard]] const dispatcher& callbacks() const { return dispatcher_; }
    /// Lets the node see what time it is.
    void look_at_lease();
    [[nodiscard]] bool is_ready();
    [[nodiscard]] std::stop_token at_risk();
    [[nodiscard]] peer_id id();
    [[nodiscard]] std::shared_ptr<const view> installed();
    [[nodiscard]] std::vector<known_peer> members();
    [[nodiscard]] result<member> owner_of(std::string_view name);
    [[nodiscard]] statistics stats();

private:
    // ---- one stay inside (driver.cpp)

    result<void> open();
    /// An error: `act` was not called (a forked child; closed), or this peer was closed in it.
    /// Throws nothing that `act` threw.
    template <class Act>
    result<void> within(call* me, Act&& act);
    /// For questions: what `question` answers under the mutex; a default in a forked child.
    template <class Question>
    auto look(Question&& question) -> decltype(question());
    void drain();
    void write_out();  // before streams go
    void publish();
    void set_timer();
    bool on_readable();
    bool on_timer();
    void receive(const net::received& packet);
    void close(error why) noexcept;
    [[nodiscard]] result<void> check_open() const;
    [[nodiscard]] std::vector<known_peer> known_peers() const;
    [[nodiscard]] statistics counted() const;

    // ---- asking (driver_calls.cpp)

    /// Whether it may be asked for at all.
    [[nodiscard]] static result<void> check(std::string_view name, const acquire_options& options);
    void fill(call& c, std::string_view name, acquire_options& options) const;
    /// Asks; `then` under the mutex, when it was asked and before any answer.
    template <class Then>
    result<void> begin(call* me, call& c, Then&& then);
    void ask(call& c);
    void answer(call& c) noexcept;
    void tell_answer(call& c) noexcept;
    void fail_call(call& c, const error& why) noexcept;
    void cancel(call& c);
    void wait_for_answer(call& c);
    void read_for(call& c, bool is_broken);
    /// Only from what is agreed: a complaint may come from anybody who can send a packet.
    [[nodiscard]] error why_no_grant() const;
    [[nodiscard]] std::string describe(const lock::standing& stands) const;

    // ---- looking and breaking (driver_questions.cpp)

    /// Asks all of it, and waits until enough is answered, or `until`. An error: this peer was
    /// closed, or in no cluster.
    result<void> inquire(lock::inquiry& asked, base::time_point until);
    [[nodiscard]] static result<void> check(const break_options& options);
    [[nodiscard]] lock::inquiry ask_the_seats(const lock::question& what);
    [[nodiscard]] belief seems(const peer_id& id) const;
    [[nodiscard]] std::string name_of(const peer_id& id) const;
    [[nodiscard]] lock_holder holder_from(const lock::hold& h) const;
    [[nodiscard]] lock_report report_of(const std::string& name, const lock::inquiry& asked) const;
    [[nodiscard]] record record_of(deed what, std::string name, holdfast::token token,
                                   const break_options& options);
    /// Whether a majority of the seats has it by `until`.
    result<void> write(const record& what, base::time_point until);
    void deliver_status(watch_table::entry& e, const lock_status& now, bool is_all);
    void look_for_all(const std::string& name, watch_table::entry& e);
    [[nodiscard]] bool take_look(std::uint64_t number, const lock::answer* what, errc why);
    void take_answer(std::uint64_t number, std::optional<lock::answer> what,
                     std::optional<errc> failure);

    // ---- what the node wants done (driver_outputs.cpp)

    void perform(node::send& o);
    void perform(node::persist_epoch& o);
    void perform(node::granted& o);
    void perform(node::request_failed& o);
    void perform(node::hold_lost& o);
    void perform(node::hold_stuck& o);
    void perform(node::was_asked_back& o);
    void perform(node::broke_by_policy& o);
    void perform(node::answered& o);
    void perform(node::unanswered& o);
    void perform(node::at_risk& o);
    void perform(node::view_installed& o);
    void perform(node::belief_changed& o);
    void perform(node::lock_changed& o);
    void perform(node::must_restart& o);
    void perform(node::has_left& o);
    void perform(node::complaint& o);
    void perform(node::owner_granted&) {}
    void restart();
    void warn();
    void lose(grip& g, errc why, std::string by = {}, std::string reason = {}) noexcept;
    void complain(error what);
    void tell(event what) noexcept;

    using hold_key = std::pair<token, std::string_view>;  // the name is the grip's

    const unsigned born_;
    const config options_;
    // Shared, so that no code of the application (a copy of it) runs under the mutex.
    const std::shared_ptr<const std::function<void(const event&)>> on_event_;
    base::settings settings_;
    net::transport_options transport_options_;
    endpoint advertise_;

    std::atomic<base::duration::rep> lease_end_{0};

    std::mutex mutex_;
    // of is_ready_, has_left_, closed_, departure_, view_ and inquiries
    std::condition_variable_any changed_;
    std::unique_ptr<net::transport> transport_;  // null after stop()
    net::transport_statistics last_traffic_;     // of then
    net::sink sink_;
    std::unique_ptr<node::node> node_;
    std::shared_ptr<const view> view_;
    base::shared_slot_map map_;
    std::vector<std::byte> buffer_;
    call_table calls_;
    std::map<hold_key, std::shared_ptr<grip>> holds_;
    watch_table watches_;
    std::vector<lock::inquiry*> inquiries_;
    std::uint64_t last_record_ = 0;
    std::stop_source at_risk_;
    bool is_warned_ = false;  // a stop of at_risk_ is requested
    bool is_ready_ = false;
    bool is_leaving_ = false;
    bool has_left_ = false;
    // what the first leave() answers, when it is over
    std::optional<result<void>> departure_;
    std::optional<error> closed_;
    std::optional<error> last_complaint_;        // since the last lease
    std::optional<node::must_restart> restart_;  // done when the transport has finished reading
    // calls that end with this PeerId, to be asked again
    std::vector<call*> orphans_;
    std::vector<peer_id> departed_;  // streams to drop, likewise
    // what this class counts, and the sums of former nodes
    statistics counted_;
    call* me_ = nullptr;  // the caller inside, which needs no waking
    wake_list* wakes_ = nullptr;

    std::unique_ptr<deadman> deadman_;  // config::deadman
    timer timer_;
    dispatcher dispatcher_;
    std::mutex stop_mutex_;  // one stop() at a time
    std::unique_ptr<loop> loop_;
};

template <class Act>
result<void> driver::within(call* me, Act&& act) {
    if (is_forked()) {
        return tl::unexpected<error>{in_words(errc::shutting_down)};
    }
    result<void> outcome;
    wake_list wakes;
    {
        const std::lock_guard guard{mutex_};
        if (closed_) {
            return tl::unexpected<error>{without_text_if_need_be(*closed_)};
        }
        me_ = me;
        wakes_ = &wakes;
        try {
            transport_->cork();
            act();
            drain();
            if (!closed_) {
                transport_->uncork();
                set_timer();
            }
        } catch (const std::bad_alloc&) {
            // As below: the node may be in the midst of a change. A packet that finds no memory
            // costs less (`receive`).
            close(in_words(errc::out_of_memory));
        } catch (const std::exception& e) {
            // An invariant of ours is broken (base::broken_invariant): what we know may be wrong,
            // so every right ends now. This peer stops; the program goes on.
            close(in_words(errc::internal_error, {explain(errc::internal_error), ": ", e.what()}));
        }
        wakes_ = nullptr;
        me_ = nullptr;
        if (closed_) {
            // no exception may reach the loop
            outcome = tl::unexpected<error>{without_text_if_need_be(*closed_)};
        }
    }
    wakes.run();
    return outcome;
}

template <class Question>
auto driver::look(Question&& question) -> decltype(question()) {
    if (is_forked()) {
        return {};
    }
    const std::lock_guard guard{mutex_};
    return question();
}

}  // namespace holdfast::runtime
