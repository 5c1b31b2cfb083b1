// What the node wants done.
#include <new>
#include <utility>

#include "base/assert.hpp"
#include "node/succession.hpp"
#include "peer/clock.hpp"
#include "peer/driver.hpp"
#include "peer/entropy.hpp"
#include "peer/identity.hpp"
#include "peer/statistics.hpp"
#include "peer/to_public.hpp"
#include "wire/codec.hpp"

namespace holdfast::runtime {

void driver::perform(node::send& o) {
    buffer_.clear();
    const auto to = o.head.to;
    const auto now = raw_now();
    if (o.copy_age > base::duration::zero() &&
        !transport_->has_arrived(to, o.address, now - o.copy_age, now)) {
        return;
    }
    try {
        wire::encode({o.head, std::move(o.what)}, settings_.cluster_name, buffer_);
        transport_->send(to, o.address, o.stream, o.is_lazy, buffer_, now);
    } catch (const std::bad_alloc&) {
        ++totals_.lacked_memory;  // a lost message, of which the protocol stands any number
    }
}

/// LEASE-8.
void driver::perform(node::dial_again& o) {
    try {
        if (transport_->dial_again(o.address, raw_now())) {
            node_->dialled_again(o.peer, moment_now());
        }
    } catch (const std::bad_alloc&) {
        ++totals_.lacked_memory;  // it is asked for again
    }
}

void driver::on_written(const result<epoch>& mark) {
    (void)with_node([&](node::node& n) {
        if (mark) {
            n.persisted(*mark, moment_now());
        } else {
            events_.report_problem(mark.error());
        }
    });
}

/// Nothing rests on audit records: that they are not written is no reason why a peer is not ready.
void driver::on_written(const records_written& what) {
    (void)with_node([&](node::node& n) {
        n.records_persisted(what.by, what.number, what.is, moment_now());
        if (what.failure) {
            events_.emit(events::problem{*what.failure});
        }
    });
}

void driver::perform(node::granted& o) {
    auto* c = calls_.find(o.number);
    if (c == nullptr) {
        node_->release(o.name, o.token, {}, moment_now());
        return;
    }
    auto h = std::make_shared<hold_state>(shared_from_this(), std::move(o.name), o.token,
                                          std::move(o.before), std::move(c->on_lost),
                                          std::move(c->on_release_requested));
    held_.add(h);
    calls_.grant(*c, std::move(h), *transport_, raw_now());
}

void driver::perform(node::request_failed& o) {
    auto* c = calls_.find(o.number);
    if (c == nullptr) {
        return;
    }
    const auto now = raw_now();
    const bool is_late = c->until && *c->until <= now;
    if (o.why == errc::not_a_member && !is_late && !is_leaving_) {
        // this PeerId ends; the next one asks again
        calls_.postpone(*c, *transport_, now);
        return;
    }
    const bool has_no_granter = o.why == errc::not_a_member || o.why == errc::no_quorum;
    auto why = has_no_granter ? why_no_grant() : error{o.why, std::string{explain(o.why)}};
    if (o.summary) {
        why.text += " (" + describe(*node_, *o.summary) + ")";
    }
    calls_.fail(*c, why, *transport_, now);
}

void driver::perform(node::hold_stalled& o) {
    events_.emit(events::hold_stalled{std::move(o.name), o.token});
}

void driver::perform(node::broke_by_policy& o) {
    events_.emit(events::broke_by_policy{std::move(o.what.name), o.what.token, o.what.holder,
                                         std::move(o.who), std::move(o.why)});
}

void driver::perform(node::answered& o) {
    if (!observers_.on_holders(o.number, &o.what, {}, *node_)) {
        hear(o);
    }
}

void driver::perform(node::unanswered& o) {
    if (!observers_.on_holders(o.number, nullptr, o.why, *node_)) {
        hear(o);
    }
}

void driver::perform(node::at_risk& o) {
    if (o.is_at_risk) {
        held_.signal_at_risk();
        const auto end = node_->lease_end();
        const auto now = moment_now().for_rights();
        events_.emit(events::lease_at_risk{end ? *end - now : base::duration::zero()});
    } else {
        events_.emit(events::lease_renewed{});
    }
}

void driver::perform(node::view_installed& o) {
    HOLDFAST_ASSERT(o.view && o.map);
    if (view_) {
        for (const auto& m : view_->members) {
            if (!o.view->has(m.id)) {
                removed_peers_.push_back(m.id);
            }
        }
    }
    std::vector<peer_id> members;
    for (const auto& m : o.view->members) {
        members.push_back(m.id);
    }
    transport_->set_members(members);
    view_ = o.view;
    map_ = o.map;
    changed_.notify_all();
    events_.emit(events::view_installed{view_});
}

void driver::perform(node::liveness_changed& o) {
    events_.emit(
        events::liveness_changed{o.peer, std::move(o.name), o.address, belief_of(o.state)});
}

void driver::perform(node::check_process& o) {
    if (look_for(o.process).is_gone) {
        node_->process_is_gone(o.peer, moment_now());  // CERT-1
    }
}

void driver::perform(node::watch_process& o) {
    if (!processes_.watch(o.peer, o.process)) {
        node_->process_is_gone(o.peer, moment_now());  // CERT-3
    }
}

void driver::perform(node::has_left&) {
    has_left_ = true;
    changed_.notify_all();
}

void driver::perform(node::problem& o) { events_.report_problem({o.why, std::move(o.text)}); }

void driver::restart() {
    const auto why = *std::exchange(restart_, std::nullopt);
    const auto before = node_->self();
    add(totals_, node_->stats());
    ++totals_.restarts;

    const auto after = random_peer_id();
    next_ = node::successor_settings(std::move(next_), why);
    transport_options_.self = after;
    view_.reset();
    map_.reset();
    write_out();
    transport_->set_identity(after);
    processes_.clear();
    const auto kept = node_->kept_records();
    node_ = std::make_unique<node::node>(next_, after, random_number(), moment_now());
    node_->take_over(kept, false, moment_now());
    events_.emit(events::restarted{before, after, why.why});
    observers_.restart(*node_);
    for (auto* c : calls_.to_restart()) {
        send_request(*c);
    }
    calls_
        .clear_to_restart();  // not before: a call that a failure left unasked is failed by close()
}

}  // namespace holdfast::runtime
