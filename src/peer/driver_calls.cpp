// The calls of the application's threads.
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "peer/clock.hpp"
#include "peer/driver.hpp"
#include "peer/statistics.hpp"
#include "peer/to_public.hpp"

namespace holdfast::runtime {

// ---- asking for a lock

result<void> driver::begin(call* inside, call& c, auto&& then) {
    bool was_asked = false;
    result<void> refused;
    const auto entered = with_node(
        [&](node::node&) {
            if (auto open = check_open(); !open) {
                refused = open;
            } else if (calls_.size() >= options_.max_requests) {
                refused = fail(errc::too_many_requests);
            } else if (c.later && c.later->is_unwanted.load(std::memory_order_acquire)) {
                refused = fail(errc::cancelled);
            } else {
                ++totals_.requests;
                send_request(c);
                was_asked = true;  // not before: if asking fails, no answer would come
                then();
            }
        },
        inside);
    return was_asked ? result<void>{} : entered ? refused : entered;
}

result<std::shared_ptr<hold_state>> driver::acquire(std::string_view name, lock_options options) {
    if (const auto is_fit = check(name, options); !is_fit) {
        return tl::unexpected<error>{is_fit.error()};
    }
    call c;
    fill(c, name, options, options_, settings_.lease);
    if (const auto begun = begin(&c, c, [&] { calls_.let_read(c, *transport_); }); !begun) {
        return tl::unexpected<error>{begun.error()};
    }
    {
        const std::stop_callback on_stop{options.stop, [&] { cancel(c); }};
        for (auto why = wait(c); why != wake_reason::answered; why = wait(c)) {
            read_for(c, why == wake_reason::stream_broken);
        }
    }
    if (!c.granted) {
        return tl::unexpected<error>{std::move(c.failure)};
    }
    return std::move(c.granted);
}

result<void> driver::acquire_later(std::string_view name, lock_options options,
                                   std::function<void(result<std::shared_ptr<hold_state>>)> then) {
    if (auto is_fit = check(name, options); !is_fit) {
        return is_fit;
    }
    const auto later = std::make_shared<later_call>();
    later->name = name;
    later->then = std::move(then);
    fill(later->what, later->name, options, options_, settings_.lease);
    // Before it is asked, so that it is gone when the answer is told. A stop between the two is
    // seen in `begin`.
    later->on_stop.emplace(options.stop, [driver = shared_from_this(), &one = *later] {
        one.is_unwanted.store(true, std::memory_order_release);
        driver->cancel(one.what);
    });
    later->what.later = later;
    auto begun = begin(nullptr, later->what, [] {});
    if (begun || !later->what.later) {
        return {};  // asked, or failed so late that it is told all the same
    }
    later->what.later.reset();
    return begun;
}

void driver::send_request(call& c) {
    c.number = node_->acquire(c.name, acquire_params_of(c), moment_now());
    c.owner = map_ ? map_->owner_of(node_->slot_of(c.name)) : peer_id{};
    if (c.owner == node_->self()) {
        c.owner = {};
    }
    calls_.add(c);
}

void driver::cancel(call& c) {
    (void)with_node([&](node::node& n) {
        if (!c.is_over) {
            n.cancel(c.number, moment_now());
        }
    });
}

void driver::read_for(call& c, bool is_broken) {
    (void)with_node(
        [&](node::node&) {
            if (c.is_over || c.read_fd.load(std::memory_order_relaxed) < 0) {
                return;
            }
            ++totals_.read_by_caller;
            transport_->read_claimed(c.owner, sink_, raw_now());
            if (is_broken) {
                calls_.stop_reading(c, *transport_);
            }
        },
        &c);
}

error driver::why_no_grant() const {
    const auto code = view_ ? errc::no_quorum : errc::not_a_member;
    return {code, std::string{explain(code)}};
}

// ---- what is held

result<void> driver::release(hold_state& h, const peer_id& heir) {
    if (h.is_released()) {
        return {};  // the destructor of what was released before
    }
    (void)with_node([&](node::node& n) {
        const auto now = moment_now();
        if (!n.holds(h.name(), h.token(), now)) {
            // LEASE-5: it may have been lost a while ago, unnoticed; then this release comes too
            // late
            n.tick(now);
        } else if (held_.release(h)) {
            auto words = h.take_last_words();
            words.heir = heir;
            n.release(h.name(), h.token(), std::move(words), now);
        }
    });
    if (h.is_released()) {
        h.forget_listeners();
        return {};
    }
    // A destructor may be the caller: no exception.
    return tl::unexpected<error>{make_error_noexcept(why_lost(h).value_or(errc::lease_lost))};
}

void driver::progress(hold_state& h) {
    (void)with_node([&](node::node& n) { n.progress(h.name(), h.token(), moment_now()); });
}

base::duration driver::remaining(const hold_state& h) {
    if (is_forked()) {
        return {};
    }
    auto left = held_.remaining(h);
    if (left <= base::duration::zero() && h.is_held()) {
        // Perhaps the renewal has arrived and was not read yet. To answer "no" now and "yes" later
        // would break the promise that lost is lost, so the node decides.
        refresh_lease();
        left = held_.remaining(h);
    }
    return left;
}

std::optional<errc> driver::why_lost(const hold_state& h) {
    if (is_forked()) {
        return errc::shutting_down;
    }
    return remaining(h) > base::duration::zero() ? std::nullopt : h.why_lost();
}

std::stop_token driver::at_risk(const hold_state& h) {
    if (is_forked() || h.why_lost()) {
        return stopped_token();
    }
    return locked([&](const node::node&) { return held_.at_risk(); });
}

// ---- observers

result<std::shared_ptr<observer>> driver::observe(
    const std::string& name, bool wants_all, std::function<void(const lock_status&)> callback) {
    if (name.empty() || name.size() > base::limits::name) {
        return fail(errc::name_too_long);
    }
    auto o = std::make_shared<observer>(shared_from_this(), name, wants_all, std::move(callback));
    bool is_watching = false;
    (void)with_node([&](node::node& n) {
        if (check_open()) {
            is_watching = true;
            observers_.add(o, n);
        }
    });
    if (!is_watching) {
        return fail(errc::shutting_down);
    }
    return o;
}

void driver::stop_observing(observer& o) {
    if (is_forked()) {
        return;  // the lock of a delivery may be the parent's callback thread's
    }
    (void)with_node([&](node::node& n) { observers_.remove(o, n); });
    o.stop();
}

// ---- queries that a caller waits for

result<void> driver::inquire(lock::quorum_query& asked, base::time_point until) {
    if (is_forked()) {
        return fail(errc::shutting_down);
    }
    result<void> refused;
    peer_id as;
    const auto entered = with_node([&](node::node& n) {
        if (auto open = check_open(); !open) {
            refused = open;
            return;
        }
        as = n.self();
        open_.add(asked);
        for (auto& p : asked.parts) {
            p.number = n.ask(p.what, p.to, until, moment_now());
        }
    });
    if (!entered || !refused) {
        const std::lock_guard guard{mutex_};
        open_.remove(asked);
        return entered ? refused : entered;
    }
    std::unique_lock guard{mutex_};
    // The node tells the end of the time. If this peer ends or starts anew before, close() and the
    // end of the node do.
    changed_.wait(guard, [&] { return asked.is_over() || asked.failure || closed_; });
    open_.remove(asked);
    const bool is_open = !closed_;
    if (!is_open && !asked.is_over()) {
        return tl::unexpected<error>{*closed_};
    }
    guard.unlock();
    if (is_open) {
        (void)with_node([&](node::node& n) {
            for (const auto& p : asked.parts) {
                // another PeerId has the same numbers for other questions
                if (!p.is_over && n.self() == as) {
                    n.forget(p.number, moment_now());
                }
            }
        });
    }
    if (asked.failure && !asked.has_enough()) {
        return fail(*asked.failure);
    }
    return {};
}

void driver::unfollow(audit_call& a) {
    if (!is_forked()) {
        const std::lock_guard guard{mutex_};
        open_.remove(a);
    }
}

result<void> driver::start_over_with(std::vector<endpoint> seeds) {
    result<void> refused;
    const auto entered = with_node([&](node::node& n) {
        if (auto open = check_open(); !open) {
            refused = open;
            return;
        }
        auto former = std::exchange(next_.seeds, std::move(seeds));
        // where an operator founds, this is how
        const bool might = std::exchange(next_.may_found, true);
        if (!n.give_up(moment_now())) {
            next_.seeds = std::move(former);
            next_.may_found = might;
            refused = fail(errc::bad_config,
                           "a majority of the seats answers this peer; this is for when they are "
                           "gone for good");
        }
    });
    return entered ? refused : entered;
}

// ---- local questions

result<void> driver::wait_ready(base::duration wait, const std::stop_token& stop) {
    if (is_forked()) {
        return fail(errc::shutting_down);
    }
    refresh_lease();  // NOW-1: it may have run out, and is_ready_ is as it was last seen
    std::unique_lock guard{mutex_};
    const bool is_done = changed_.wait_for(guard, stop, std::min(wait, longest_wait),
                                           [&] { return is_ready_ || closed_ || is_leaving_; });
    if (auto open = check_open(); !open) {
        return open;
    }
    if (is_done) {
        return {};
    }
    return stop.stop_requested()
               ? fail(errc::cancelled)
               : tl::unexpected<error>{events_.last_problem().value_or(why_no_grant())};
}

bool driver::is_ready() {
    refresh_lease();
    return locked([&](const node::node&) { return is_ready_ && !is_leaving_; });
}

statistics driver::stats() {
    return locked([&](const node::node&) { return totals(); });
}

statistics driver::totals() const {
    auto out = totals_;
    add(out, node_->stats());
    add(out, transport_ ? transport_->stats() : last_traffic_);
    out.requests_failed = calls_.failed();
    out.waiting = calls_.size();
    out.held = held_.size();
    out.callback_exceptions = dispatcher_.exceptions() + event_dispatcher_.exceptions();
    out.callbacks_missed = dispatcher_.missed() + event_dispatcher_.missed();
    return out;
}

}  // namespace holdfast::runtime
