// What the node wants done.
#include <algorithm>
#include <new>
#include <utility>

#include "node/succession.hpp"
#include "peer/clock.hpp"
#include "peer/driver.hpp"
#include "peer/entropy.hpp"
#include "peer/identity.hpp"
#include "peer/state_dir.hpp"
#include "peer/statistics.hpp"
#include "wire/codec.hpp"

namespace holdfast::runtime {

void driver::perform(node::send& o) {
    buffer_.clear();
    const auto to = o.head.to;
    try {
        wire::encode({std::move(o.head), std::move(o.what)}, settings_.cluster_name, buffer_);
        transport_->send(to, o.address, o.stream, o.is_lazy, buffer_, boot_now());
    } catch (const std::bad_alloc&) {
        ++counted_.lacked_memory;  // a lost message, of which the protocol stands any number
    }
}

void driver::perform(node::persist_epoch& o) {
    if (options_.state_dir.empty()) {
        return;
    }
    if (const auto stored = store_epoch(options_.state_dir, o.epoch); !stored) {
        // FOUND-5: what is not on the disk may not be accepted, and the accept is among the outputs
        // that follow.
        close({errc::io,
               stored.error().text + "; this peer has stopped: mend that, and start it again"});
    }
}

void driver::perform(node::granted& o) {
    auto* c = calls_.find(o.number);
    if (c == nullptr) {
        node_->release(o.name, o.token, {}, moment_now());
        return;
    }
    auto g =
        std::make_shared<grip>(shared_from_this(), std::move(o.name), o.token, std::move(o.before),
                               std::move(c->on_lost), std::move(c->on_asked_back));
    holds_.emplace(hold_key{g->token(), g->name()}, g);
    c->granted = std::move(g);
    answer(*c);
}

void driver::perform(node::request_failed& o) {
    auto* c = calls_.find(o.number);
    if (c == nullptr) {
        return;
    }
    const bool is_late = c->until && *c->until <= boot_now();
    if (o.why == errc::not_a_member && !is_late && !is_leaving_) {
        // this PeerId ends; the next one asks again
        calls_.remove(*c, *transport_, boot_now());
        if (c->read_fd.load(std::memory_order_relaxed) >= 0 && c != me_) {
            // it waits on a stream that goes, and must wait for us instead
            wakes_->add_reader(*c);
        }
        calls_.stop_reading(*c, *transport_);
        orphans_.push_back(c);
        return;
    }
    const bool is_nobody_to_grant = o.why == errc::not_a_member || o.why == errc::no_quorum;
    auto why = is_nobody_to_grant ? why_no_grant() : error{o.why, std::string{explain(o.why)}};
    if (o.stands) {
        why.text += " (" + describe(*o.stands) + ")";
    }
    fail_call(*c, why);
}

/// "held by worker-3, token 1234, and 2 more; 4 wait"
std::string driver::describe(const lock::standing& stands) const {
    std::string text = stands.waiting == 0
                           ? "held by nobody; it rests after a hold that was lost (lock_delay)"
                           : "held by nobody";
    if (!stands.held.empty()) {
        const auto& first = stands.held.front();
        const auto* who = view_ ? view_->find(first.holder) : nullptr;
        text = "held by " +
               (who != nullptr && !who->name.empty() ? who->name : to_string(first.holder)) +
               ", token " + std::to_string(first.token.value);
    }
    if (stands.holders > 1) {
        text += ", and " + std::to_string(stands.holders - 1) + " more";
    }
    return text + "; " + std::to_string(stands.waiting) + " wait";
}

void driver::perform(node::hold_lost& o) {
    const auto at = holds_.find(hold_key{o.token, o.name});
    if (at == holds_.end()) {
        return;
    }
    const auto g = std::move(at->second);
    holds_.erase(at);
    if (o.why == errc::lease_lost) {
        // a sudden loss (the machine slept): the warning comes late, but before the loss
        warn();
    }
    lose(*g, o.why, std::move(o.broken_by), std::move(o.broken_for));
    if (g->has_listeners()) {
        dispatcher_.post([g] { g->tell_lost(); });
    }
}

void driver::lose(grip& g, errc why, std::string by, std::string reason) noexcept {
    if (!g.end_as_lost(why)) {
        return;
    }
    try {
        tell(events::hold_lost{g.name(), g.token(), why, std::move(by), std::move(reason)});
    } catch (const std::bad_alloc&) {
        dispatcher_.count_missed();
    }
}

void driver::perform(node::hold_stuck& o) { tell(events::hold_stuck{std::move(o.name), o.token}); }

void driver::perform(node::was_asked_back& o) {
    auto& a = o.what;
    const auto at = holds_.find(hold_key{a.token, a.name});
    if (at == holds_.end()) {
        return;
    }
    const asked_back by{a.name, a.token, std::move(a.who), std::move(a.why),
                        std::chrono::duration_cast<std::chrono::milliseconds>(a.grace)};
    tell(events::hold_asked_back{by});
    dispatcher_.post([g = at->second, by] { g->tell_asked_back(by); });
}

void driver::perform(node::at_risk& o) {
    if (o.is_at_risk) {
        warn();
        const auto end = node_->lease_end();
        tell(events::lease_at_risk{end ? *end - boot_now() : base::duration::zero()});
    } else {
        tell(events::lease_renewed{});
    }
}

void driver::warn() {
    if (!std::exchange(is_warned_, true)) {
        dispatcher_.post([source = at_risk_]() mutable { source.request_stop(); });
    }
}

void driver::perform(node::view_installed& o) {
    if (view_) {
        for (const auto& m : view_->members) {
            if (!o.view->has(m.id)) {
                departed_.push_back(m.id);
            }
        }
    }
    view_ = o.view;
    map_ = o.map;
    changed_.notify_all();
    tell(events::view_installed{view_});
}

void driver::perform(node::belief_changed& o) {
    const auto* m =
        view_ && (o.state == swim::condition::suspect || o.state == swim::condition::dead)
            ? view_->find(o.peer)
            : nullptr;
    if (m != nullptr && m->process.machine == settings_.process.machine && is_gone(m->process)) {
        // CERT-1
        node_->evict(o.peer, view_layer::proof::gone, boot_now() + 4 * settings_.lease,
                     moment_now());
    }
    tell(events::belief_changed{o.peer, std::move(o.name), o.address, belief_of(o.state)});
}

void driver::perform(node::lock_changed& o) {
    auto* e = watches_.find(o.name);
    if (e == nullptr) {
        return;
    }
    lock_status now{o.name, {}, o.stands.holders, o.stands.waiting};
    for (const auto& h : o.stands.held) {
        now.holders.push_back(holder_from(h));
    }
    e->last = now;
    const bool is_all = now.holder_count == now.holders.size();
    if (is_all) {
        e->look.reset();  // what it would tell is older than this, or as old
    }
    deliver_status(*e, now, is_all);
    if (!is_all) {
        look_for_all(o.name, *e);
    }
}

/// To those whom it is enough for.
void driver::deliver_status(watch_table::entry& e, const lock_status& now, bool is_all) {
    for (const auto& observer : e.observers) {
        if (is_all || !observer->wants_all()) {
            dispatcher_.post([observer, now] { observer->deliver(now); });
        }
    }
}

void driver::perform(node::must_restart& o) { restart_ = o; }

void driver::perform(node::has_left&) {
    has_left_ = true;
    changed_.notify_all();
}

void driver::perform(node::complaint& o) { complain({o.why, std::move(o.text)}); }

void driver::restart() {
    const auto why = *std::exchange(restart_, std::nullopt);
    const auto before = node_->self();
    add(counted_, node_->stats());
    ++counted_.restarts;

    const auto after = random_peer_id();
    settings_ = node::successor_settings(std::move(settings_), why);
    transport_options_.self = after;
    view_.reset();
    map_.reset();
    write_out();
    transport_->become(after);
    node_ = std::make_unique<node::node>(settings_, after, random_number(), moment_now());
    tell(events::restarted{before, after, why.why});
    watches_.forget_looks();
    for (const auto& name : watches_.names()) {
        node_->watch(name, moment_now());
    }
    for (auto* c : orphans_) {
        ask(*c);
    }
    orphans_.clear();  // not before: whom a failure left unasked is failed by close()
}

void driver::complain(error what) {
    last_complaint_ = what;
    tell(events::complaint{std::move(what)});
}

void driver::tell(event what) noexcept {
    if (!on_event_) {
        return;
    }
    const bool is_last = std::holds_alternative<events::stopped>(what);
    auto callback = [to = on_event_, what = std::move(what)] { (*to)(what); };
    if (is_last) {
        dispatcher_.post(std::move(callback));
    } else {
        dispatcher_.post_event(std::move(callback));
    }
}

}  // namespace holdfast::runtime
