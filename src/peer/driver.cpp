#include "peer/driver.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/deadline.hpp"
#include "peer/clock.hpp"
#include "peer/entropy.hpp"
#include "peer/forks.hpp"
#include "peer/statistics.hpp"
#include "wire/codec.hpp"

namespace holdfast::runtime {

namespace {

tl::unexpected<error> not_started(const std::system_error& e) {
    if (e.code() == std::errc::not_enough_memory) {
        return tl::unexpected<error>{in_words(errc::out_of_memory)};
    }
    return fail(errc::io, std::string{"the peer cannot be started: "} + e.what());
}

}  // namespace

result<std::shared_ptr<driver>> driver::start(config options) {
    try {
        auto made = prepare(std::move(options));
        if (!made) {
            return tl::unexpected<error>{std::move(made.error())};
        }
        try {
            const std::shared_ptr<driver> d{new driver{std::move(*made)}, [](driver* ending) {
                                                if (!ending->is_forked()) {
                                                    delete ending;
                                                }
                                            }};
            if (auto opened = d->open(); !opened) {
                return tl::unexpected<error>{std::move(opened.error())};
            }
            return d;
        } catch (const std::system_error& e) {
            return not_started(e);
        }
    } catch (const std::bad_alloc&) {
        return tl::unexpected<error>{in_words(errc::out_of_memory)};
    }
}

driver::driver(setup s)
    : born_{fork_count()},
      options_{std::move(s.options)},
      on_event_{options_.on_event
                    ? std::make_shared<const std::function<void(const event&)>>(options_.on_event)
                    : nullptr},
      settings_{std::move(s.settings)},
      transport_options_{std::move(s.transport)},
      advertise_{s.advertise} {}

driver::~driver() { stop(); }

result<void> driver::open() {
    if (options_.deadman) {
        deadman_ = std::make_unique<deadman>();
        if (!deadman_->is_running()) {
            return fail(errc::io, "deadman: the process that watches this one cannot be started");
        }
    }
    if (on_event_) {
        // better no peer than one that cannot tell what it was asked to tell
        dispatcher_.start();
    }
    transport_options_.self = random_peer_id();
    auto opened =
        net::transport::open(transport_options_, [this](error e) { complain(std::move(e)); });
    if (!opened) {
        return tl::unexpected<error>{opened.error()};
    }
    transport_ = std::move(*opened);
    settings_.address = advertise_;
    if (settings_.address.port == 0) {
        settings_.address.port = transport_->address().port;
    }
    sink_ = [this](const net::received& packet) { receive(packet); };
    node_ = std::make_unique<node::node>(settings_, transport_options_.self, random_number(),
                                         moment_now());
    if (auto begun = within(nullptr, [] {}); !begun && begun.error().code == errc::out_of_memory) {
        return begun;
    }
    loop_ = std::make_unique<loop>(
        transport_->poll_descriptor(), timer_.descriptor(),
        loop::handlers{[this] { return on_readable(); }, [this] { return on_timer(); }});
    return {};
}

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

void driver::drain() {
    const auto drain_node = [this] {
        while (!closed_) {
            auto o = node_->next();
            if (!o) {
                break;
            }
            std::visit([&](auto& what) { perform(what); }, *o);
        }
    };
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
    for (auto* c : orphans_) {
        fail_call(*c, why_no_grant());  // no new node came for them
    }
    orphans_.clear();
    if (!departed_.empty()) {
        // the step that removes them: who hears it need not wait for its lease to run out
        write_out();
        for (const auto& id : std::exchange(departed_, {})) {
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
    // After what was lost has been marked (drain), so that nobody sees a new lease end with a hold
    // of an old lease.
    const auto end = node_->lease_end();
    const auto now = boot_now();
    const bool is_ready = end && *end > now && view_ && view_->has(node_->self());
    lease_end_.store(is_ready ? end->time_since_epoch().count() : 0, std::memory_order_release);
    if (deadman_ && is_ready && holds_.empty()) {
        deadman_->let_live();
    } else if (deadman_ && is_ready) {
        // not taken back when the lease has run out: that is what it is for
        deadman_->kill_at(*end);
    }
    if (is_warned_ && is_ready && now < *end - settings_.lease * 2 / 5) {
        // In health again, however it came to be: a lease that was lost and returns is not said to
        // be renewed in time.
        at_risk_ = std::stop_source{};
        is_warned_ = false;
    }
    if (is_ready != is_ready_) {
        is_ready_ = is_ready;
        if (is_ready) {
            last_complaint_.reset();
            tell(events::lease_gained{});
        } else {
            tell(events::lease_lost{});
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
    within(nullptr, [&] {
        goes_on = true;
        transport_->read(sink_, boot_now());
    });
    return goes_on;
}

bool driver::on_timer() {
    bool goes_on = false;
    within(nullptr, [&] {
        goes_on = true;
        timer_.clear();
        const auto now = moment_now();
        if (base::is_due(node_->deadline(), now.now)) {
            node_->tick(now);
        }
        if (base::is_due(transport_->flush_due(), now.now)) {
            transport_->flush();
        }
        transport_->tick(now.now);
        calls_.give_back_parked(*transport_, now.now);
        dispatcher_.catch_up();
    });
    return goes_on;
}

void driver::receive(const net::received& packet) {
    auto decoded = wire::decode(packet.bytes, settings_.cluster_name);
    if (!decoded) {
        if (decoded.error() == wire::decode_error::no_memory) {
            ++counted_.lacked_memory;
            return;
        }
        ++counted_.malformed;
        if (decoded.error() == wire::decode_error::version) {
            complain({errc::version,
                      to_string(packet.address) + ": " + std::string{explain(errc::version)}});
        } else if (decoded.error() == wire::decode_error::wrong_cluster) {
            complain({errc::wrong_cluster, to_string(packet.address) + ": " +
                                               std::string{explain(errc::wrong_cluster)}});
        }
        return;
    }
    if (decoded->envelope.from != packet.from) {
        ++counted_.not_authentic;  // says that it is somebody else
        return;
    }
    node_->handle(decoded->envelope, packet.address, decoded->what, moment_now());  // NOW-1
}

void driver::close(error why) noexcept {
    if (closed_) {
        return;
    }
    closed_ = std::move(why);
    lease_end_.store(0, std::memory_order_release);
    is_ready_ = false;
    for (auto* c : orphans_) {
        fail_call(*c, *closed_);
    }
    orphans_.clear();
    while (auto* c = calls_.any()) {
        fail_call(*c, *closed_);
    }
    for (const auto& [key, g] : std::exchange(holds_, {})) {
        const bool is_own_fault =
            closed_->code == errc::internal_error || closed_->code == errc::out_of_memory;
        lose(*g, is_own_fault ? closed_->code : errc::shutting_down);
        if (g->has_listeners()) {
            dispatcher_.post([g = g] { g->tell_lost(); });
        }
    }
    if (wakes_ != nullptr) {
        calls_.give_back_all(*transport_, *wakes_);
    }
    auto told = without_text_if_need_be(*closed_);
    if (has_left_) {
        told.text = "left";
    }
    tell(events::stopped{std::move(told)});
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
    wake_list wakes;
    {
        const std::lock_guard guard{mutex_};
        if (node_) {
            wakes_ = &wakes;
            close(in_words(errc::shutting_down));
            wakes_ = nullptr;
        }
    }
    wakes.run();
    loop_.reset();
    deadman_.reset();
    std::unique_ptr<net::transport> sockets;
    watch_table watches;
    {
        const std::lock_guard guard{mutex_};
        if (transport_) {
            last_traffic_ = transport_->stats();
        }
        sockets = std::move(transport_);
        watches = std::exchange(watches_, {});
    }
    // Outside the mutex, for callbacks of the application go with it; and now, for a hold may live
    // long after its peer.
    sockets.reset();
    dispatcher_.stop();
}

result<void> driver::wait_ready(base::duration wait, const std::stop_token& stop) {
    if (is_forked()) {
        return fail(errc::shutting_down);
    }
    look_at_lease();  // NOW-1: it may have run out, and is_ready_ is from the last look
    std::unique_lock guard{mutex_};
    const bool is_done = changed_.wait_for(guard, stop, std::min(wait, longest_wait),
                                           [&] { return is_ready_ || closed_ || is_leaving_; });
    if (auto open = check_open(); !open) {
        return open;
    }
    if (is_done) {
        return {};
    }
    return stop.stop_requested() ? fail(errc::cancelled)
                                 : tl::unexpected<error>{last_complaint_.value_or(why_no_grant())};
}

result<void> driver::leave(std::optional<base::duration> wait) {
    if (is_forked()) {
        return tl::unexpected<error>{in_words(errc::shutting_down)};
    }
    if (dispatcher_.is_this_thread()) {
        return tl::unexpected<error>{in_words(errc::would_deadlock)};
    }
    bool is_first = false;
    const auto entered = within(nullptr, [&] {
        is_first = !is_leaving_;
        is_leaving_ = true;
        if (is_first) {
            node_->leave(moment_now());
        }
    });
    std::unique_lock guard{mutex_};
    if (!is_first && is_leaving_) {
        changed_.wait(guard, [&] { return departure_.has_value(); });
        return without_text_if_need_be(*departure_);
    }
    result<void> outcome;
    if (!is_first) {
        outcome = without_text_if_need_be(entered);  // closed before anybody left
    } else {
        changed_.wait_for(guard, std::min(wait.value_or(5 * settings_.lease), longest_wait),
                          [&] { return has_left_ || closed_; });
        if (!has_left_) {
            constexpr auto unheard =
                "the peer has stopped, but did not hear that the others know it; they wait for its "
                "lease to end";
            outcome = tl::unexpected<error>{closed_ ? without_text_if_need_be(*closed_)
                                                    : in_words(errc::timed_out, {unheard})};
        }
    }
    guard.unlock();
    stop();
    guard.lock();
    departure_ = without_text_if_need_be(outcome);
    changed_.notify_all();
    return outcome;
}

// ---- local questions

void driver::look_at_lease() {
    within(nullptr, [&] { node_->tick(moment_now()); });
}

bool driver::is_ready() {
    look_at_lease();
    return look([&] { return is_ready_ && !is_leaving_; });
}

std::stop_token driver::at_risk() {
    return look([&] { return at_risk_.get_token(); });
}

peer_id driver::id() {
    return look([&] { return node_->self(); });
}

std::shared_ptr<const view> driver::installed() {
    return look([&] { return view_; });
}

std::vector<known_peer> driver::members() {
    return look([&] { return known_peers(); });
}

std::vector<known_peer> driver::known_peers() const {
    std::map<peer_id, known_peer> all;
    for (const auto& r : node_->roster()) {
        auto& k = all[r.about];
        k.id = r.about;
        k.name = r.name;
        k.address = r.address;
        k.seems = belief_of(r.state);
    }
    if (view_) {
        for (const auto& m : view_->members) {
            auto& k = all[m.id];
            k.id = m.id;
            k.name = m.name;
            k.address = m.address;
            k.is_member = true;
            k.is_voter = view_->is_voter(m.id);
            k.is_leaving = m.leaving;
            k.weight = m.weight;
        }
        for (const auto index : map_->owner_index) {
            ++all[map_->owners[index]].slots;
        }
    }
    std::vector<known_peer> out;
    for (auto& [id, k] : all) {
        out.push_back(std::move(k));
    }
    return out;
}

result<member> driver::owner_of(std::string_view name) {
    if (is_forked()) {
        return fail(errc::shutting_down);
    }
    const std::lock_guard guard{mutex_};
    if (auto open = check_open(); !open) {
        return tl::unexpected<error>{open.error()};
    }
    if (!view_) {
        return fail(errc::not_a_member);
    }
    const auto* m = view_->find(map_->owner_of(node_->slot_of(name)));
    return m == nullptr ? result<member>{fail(errc::not_a_member)} : result<member>{*m};
}

statistics driver::stats() {
    return look([&] { return counted(); });
}

statistics driver::counted() const {
    auto out = counted_;
    add(out, node_->stats());
    out.waiting = calls_.size();
    out.held = holds_.size();
    add(out, transport_ ? transport_->stats() : last_traffic_);
    out.callback_exceptions = dispatcher_.exceptions();
    out.callbacks_missed = dispatcher_.missed();
    return out;
}

}  // namespace holdfast::runtime
