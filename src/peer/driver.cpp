#include "peer/driver.hpp"

#include <algorithm>
#include <system_error>

#include "base/deadline.hpp"
#include "peer/clock.hpp"
#include "peer/entropy.hpp"
#include "wire/codec.hpp"

namespace holdfast::runtime {

// ---- start

namespace {

tl::unexpected<error> not_started(const std::system_error& e) {
    if (e.code() == std::errc::not_enough_memory) {
        return tl::unexpected<error>{make_error_noexcept(errc::out_of_memory)};
    }
    return fail(errc::io_error, std::string{"the peer cannot be started: "} + e.what());
}

}  // namespace

result<std::shared_ptr<driver>> driver::start(config options) {
    try {
        auto made = prepare(std::move(options));
        if (!made) {
            return tl::unexpected<error>{std::move(made.error())};
        }
        auto found = std::move(made->records);
        try {
            const std::shared_ptr<driver> d{new driver{std::move(*made)}, [](driver* ending) {
                                                if (!ending->is_forked()) {
                                                    delete ending;
                                                }
                                            }};
            if (auto opened = d->open(std::move(found)); !opened) {
                return tl::unexpected<error>{std::move(opened.error())};
            }
            return d;
        } catch (const std::system_error& e) {
            return not_started(e);
        }
    } catch (const std::bad_alloc&) {
        return tl::unexpected<error>{make_error_noexcept(errc::out_of_memory)};
    }
}

driver::driver(setup s)
    : options_{std::move(s.options)},
      settings_{std::move(s.settings)},
      transport_options_{std::move(s.transport)},
      advertise_{s.advertise},
      events_{event_dispatcher_, options_.on_event},
      calls_{dispatcher_},
      held_{dispatcher_, events_},
      observers_{dispatcher_, settings_.lease},
      writer_{std::move(s.directory),
              {[this](const result<epoch>& mark) { on_written(mark); },
               [this](const records_written& what) { on_written(what); }}} {}

driver::~driver() { stop(); }

result<void> driver::open(found_records found) {
    if (options_.watchdog) {
        watchdog_ = std::make_unique<watchdog>();
        if (!watchdog_->is_running()) {
            return fail(errc::io_error,
                        "watchdog: the process that watches this one cannot be started");
        }
    }
    if (events_.has_listener()) {
        // better no peer than one that cannot tell what it was asked to tell
        event_dispatcher_.start();
    }
    transport_options_.self = random_peer_id();
    auto opened = net::transport::open(transport_options_,
                                       [this](error e) { events_.report_problem(std::move(e)); });
    if (!opened) {
        return tl::unexpected<error>{opened.error()};
    }
    transport_ = std::move(*opened);
    settings_.address = advertise_;
    if (settings_.address.port == 0) {
        settings_.address.port = transport_->address().port;
    }
    writer_.start();
    sink_ = [this](const net::received& packet) { receive(packet); };
    next_ = settings_;
    node_ =
        std::make_unique<node::node>(next_, transport_options_.self, random_number(), moment_now());
    const auto take_over = [&](node::node& n) {
        n.take_over(found.what, found.is_intact, moment_now());
        if (found.complaint) {
            events_.emit(events::problem{std::move(*found.complaint)});
        }
    };
    if (auto begun = with_node(take_over); !begun && begun.error().code == errc::out_of_memory) {
        return begun;
    }
    loop_ = std::make_unique<loop>(
        transport_->poll_descriptor(), timer_.descriptor(), processes_.descriptor(),
        loop::handlers{[this] { return on_readable(); }, [this] { return on_timer(); },
                       [this] { return on_process(); }});
    return {};
}

// ---- one stay under the mutex

namespace {

/// A new PeerId would meet the same again.
bool is_for_good(errc why) { return why == errc::seeds_differ || why == errc::internal_error; }

error stopped_for_good(errc why) {
    if (why == errc::seeds_differ) {
        return {why,
                "this peer has no seeds, and met a cluster of its name that has (SEAT-2); it has "
                "stopped: "
                "give this peer the seeds of the others, or another cluster name"};
    }
    return {why, std::string{explain(why)}};
}

}  // namespace

/// Before what is read after it: what a peer sends after the end of its stream shows that it lives.
void driver::tell_ends() {
    if (transport_->lacks_descriptors() != node_->is_lacking_descriptors()) {
        node_->set_lacking_descriptors(transport_->lacks_descriptors(), moment_now());
    }
    if (!transport_->has_news()) {
        return;
    }
    for (const auto& peer : transport_->take_ended()) {
        node_->stream_ended(peer, moment_now());
    }
    for (const auto& peer : transport_->take_lost()) {
        node_->stream_lost(peer, moment_now());
    }
    for (const auto& [at, peer] : transport_->take_reached()) {
        node_->found_there(at, peer, moment_now());
    }
    for (const auto& peer : transport_->take_partly_read()) {
        node_->stream_brought_part(peer, moment_now());
    }
    for (const auto& peer : transport_->take_of_two_hosts()) {
        node_->seen_at_two_hosts(peer, moment_now());
    }
}

void driver::drain_node() {
    tell_ends();
    while (!closed_) {
        auto o = node_->next();
        if (!o) {
            break;
        }
        std::visit([&](auto& what) { perform(what); }, *o);
    }
}

void driver::drain() {
    drain_node();
    while (restart_ && !closed_) {
        if (is_for_good(restart_->why)) {
            close(stopped_for_good(restart_->why));
            return;
        }
        restart();
        drain_node();
    }
    if (closed_) {
        return;
    }
    if (!calls_.to_restart().empty()) {
        calls_.fail_to_restart(why_no_grant(), *transport_, raw_now());
    }
    if (!removed_peers_.empty()) {
        // The step that removes them goes out first: a removed peer that hears it need not wait for
        // its lease to run out.
        write_out();
        for (const auto& id : std::exchange(removed_peers_, {})) {
            transport_->drop(id);
        }
    }
    publish();
}

void driver::write_out() {
    transport_->uncork();
    transport_->cork();
}

void driver::publish() {
    // After what was lost has been marked (drain), so that no thread sees a new lease end with a
    // hold of an old lease.
    //
    // No clock is read: who asks whether a right holds compares its end with the clock (NOW-1).
    const auto end = node_->lease_end();
    const auto left = node_->lease_left();
    const bool is_ready = left > base::duration::zero() && view_ && view_->has(node_->self());
    held_.set_lease_end(is_ready ? end : std::nullopt);
    if (watchdog_ && is_ready && held_.empty()) {
        watchdog_->let_live();
    } else if (watchdog_ && is_ready) {
        // not taken back when the lease has run out: that is what it is for
        watchdog_->kill_at(*end);
    }
    if (is_ready && left > settings_.lease * 2 / 5) {
        // In health again, however it came to be: a lease that was lost and returns is not said to
        // be renewed in time.
        held_.clear_at_risk();
    }
    if (is_ready != is_ready_) {
        is_ready_ = is_ready;
        if (is_ready) {
            events_.forget_problem();
            events_.emit(events::lease_gained{});
        } else {
            events_.emit(events::lease_lost{});
        }
        changed_.notify_all();
    }
}

void driver::set_timer() {
    auto due = node_->deadline();
    base::earlier(due, transport_->flush_due());
    base::earlier(due, transport_->deadline());
    base::earlier(due, calls_.deadline());
    if (due) {
        timer_.need(*due);
    }
}

bool driver::on_readable() {
    bool goes_on = false;
    (void)with_node([&](node::node& n) {
        goes_on = true;
        const auto now = raw_now();
        transport_->read(sink_, now);
        if (transport_->has_read_all()) {
            n.has_read_all(now);  // what comes meanwhile may be read with it, or not
        }
    });
    return goes_on;
}

bool driver::on_process() {
    bool goes_on = false;
    (void)with_node([&](node::node& n) {
        goes_on = true;
        for (const auto& peer : processes_.take_ended()) {
            n.process_is_gone(peer, moment_now());
        }
    });
    return goes_on;
}

bool driver::on_timer() {
    bool goes_on = false;
    (void)with_node([&](node::node& n) {
        goes_on = true;
        timer_.clear();
        events_.note_clocks(read_clocks(), settings_.clock_drift);
        const auto now = moment_now();
        if (n.is_due(now)) {
            n.tick(now);
        }
        if (base::is_due(transport_->flush_due(), now.now)) {
            transport_->flush();
        }
        transport_->tick(now.now);
        calls_.give_back_parked(*transport_, now.now);
        dispatcher_.catch_up();
        event_dispatcher_.catch_up();
    });
    return goes_on;
}

void driver::receive(const net::received& packet) {
    auto decoded = wire::decode(packet.bytes, settings_.cluster_name);
    if (!decoded) {
        if (decoded.error() == wire::decode_error::no_memory) {
            ++totals_.lacked_memory;
            return;
        }
        ++totals_.malformed;
        const auto why = decoded.error() == wire::decode_error::version ? errc::version_mismatch
                                                                        : errc::wrong_cluster;
        if (decoded.error() == wire::decode_error::version ||
            decoded.error() == wire::decode_error::wrong_cluster) {
            events_.report_problem(
                {why, to_string(packet.came.source) + ": " + std::string{explain(why)}});
        }
        return;
    }
    if (decoded->envelope.from != packet.from) {
        ++totals_.not_authentic;  // it claims to be of another sender
        return;
    }
    tell_ends();
    node_->handle(decoded->envelope, packet.came, decoded->what, moment_now());  // NOW-1
}

void driver::refresh_lease() {
    (void)with_node([](node::node& n) { n.tick(moment_now()); });
}

// ---- the end

void driver::close(error why) noexcept {
    if (closed_) {
        return;
    }
    closed_ = std::move(why);
    held_.set_lease_end(std::nullopt);
    is_ready_ = false;
    calls_.fail_all(*closed_, *transport_, raw_now());
    const bool is_own_fault =
        closed_->code == errc::internal_error || closed_->code == errc::out_of_memory;
    held_.lose_all(is_own_fault ? closed_->code : errc::shutting_down);
    auto told = copy_noexcept(*closed_);
    if (has_left_) {
        told.text = "left";
    }
    events_.emit(events::stopped{std::move(told)});
    changed_.notify_all();
}

result<void> driver::check_open() const {
    if (closed_) {
        return tl::unexpected<error>{*closed_};
    }
    if (is_leaving_) {
        return fail(errc::shutting_down);
    }
    return {};
}

void driver::stop() {
    if (is_forked()) {
        return;
    }
    const std::lock_guard once{stop_mutex_};
    wake_list wakeups;
    {
        const std::lock_guard guard{mutex_};
        if (node_) {
            calls_.enter(nullptr, wakeups);
            close(make_error_noexcept(errc::shutting_down));
            calls_.leave();
        }
    }
    wakeups.run();
    loop_.reset();
    writer_.stop();
    watchdog_.reset();
    std::unique_ptr<net::transport> sockets;
    std::map<std::string, observers::entry> observed;
    {
        const std::lock_guard guard{mutex_};
        if (transport_) {
            last_traffic_ = transport_->stats();
        }
        sockets = std::move(transport_);
        observed = observers_.take_all();
    }
    // Outside the mutex, for callbacks of the application go with it; and now, for a hold may live
    // long after its peer.
    sockets.reset();
    dispatcher_.stop();
    event_dispatcher_.stop();
}

result<void> driver::leave(std::optional<base::duration> wait) {
    if (is_forked()) {
        return tl::unexpected<error>{make_error_noexcept(errc::shutting_down)};
    }
    if (dispatcher_.is_this_thread() || event_dispatcher_.is_this_thread()) {
        return tl::unexpected<error>{make_error_noexcept(errc::would_deadlock)};
    }
    bool is_first = false;
    const auto entered = with_node([&](node::node& n) {
        is_first = !is_leaving_;
        is_leaving_ = true;
        if (is_first) {
            n.leave(moment_now());
        }
    });
    std::unique_lock guard{mutex_};
    if (!is_first && is_leaving_) {
        changed_.wait(guard, [&] { return departure_.has_value(); });
        return copy_noexcept(*departure_);
    }
    result<void> outcome;
    if (!is_first) {
        outcome = copy_noexcept(entered);  // closed before the first leave()
    } else {
        changed_.wait_for(guard, std::min(wait.value_or(5 * settings_.lease), longest_wait),
                          [&] { return has_left_ || closed_; });
        if (!has_left_) {
            constexpr auto unheard =
                "the peer has stopped, but did not hear that the others know it; they wait for its "
                "lease to end";
            outcome =
                tl::unexpected<error>{closed_ ? copy_noexcept(*closed_)
                                              : make_error_noexcept(errc::timed_out, {unheard})};
        }
    }
    guard.unlock();
    stop();
    guard.lock();
    departure_ = copy_noexcept(outcome);
    changed_.notify_all();
    return outcome;
}

}  // namespace holdfast::runtime
