#include "sim/operators.hpp"

namespace holdfast::sim {

void operators::revoke_request(std::uint32_t place, judge::lock l, token t, lock::revoke_kind how,
                               const std::string& who) {
    auto& c = context_;
    if (!c.places[place].node) {
        return;
    }
    if (c.trace.is_printed()) {
        c.say(place,
              who + (how == lock::revoke_kind::request_release ? " asks for \"" : " breaks \"") +
                  c.plan.locks[l] + "\" " + text_of(t));
    }
    if (how == lock::revoke_kind::break_hold) {
        c.judged_by.is_to_break(l, t, who);
    }
    processes_[place].step([&](node::node& n, base::moment now) {
        (void)n.revoke({how, c.plan.locks[l], t, {who, {}}, {}}, now.now + 3 * c.plan.common.lease,
                       now);
    });
}

void operators::evict(std::uint32_t place, std::uint32_t whom) {
    auto& c = context_;
    if (!c.places[place].node || !c.places[whom].node) {
        return;
    }
    c.count(trouble::eviction);
    if (c.trace.is_printed()) {
        c.say(place, "evicts " + c.places[whom].name);
    }
    processes_[place].step([&](node::node& n, base::moment now) {
        (void)n.evict(c.places[whom].id, {"an operator", {}}, now.now + 3 * c.plan.common.lease,
                      now);
    });
}

bool operators::force_new_cluster(std::uint32_t place, const std::vector<std::uint32_t>& seats) {
    return processes_[place].force_new_cluster(seats);
}

void operators::record(std::uint32_t place) {
    if (!processes_[place].is_running()) {
        return;
    }
    constexpr token of_no_hold{1};  // of epoch 0, in which nothing is granted
    const auto& locks = context_.plan.locks;
    processes_[place].step([&](node::node& n, base::moment now) {
        (void)n.revoke({lock::revoke_kind::request_release,
                        locks.empty() ? "a" : locks.front(),
                        of_no_hold,
                        {"an operator", {}},
                        {}},
                       now.now + 3 * context_.plan.common.lease, now);
    });
}

void operators::read_records(std::uint32_t place) {
    if (processes_[place].is_running()) {
        processes_[place].read_records();
    }
}

std::optional<std::size_t> operators::records_read_at(std::uint32_t place) const {
    return processes_[place].records_read();
}

void operators::break_untaken(std::uint32_t place) {
    auto& c = context_;
    const auto& p = c.places[place];
    if (!p.node || !p.node->installed() || p.paused_until) {
        return;
    }
    const auto& v = *p.node->installed();
    for (const auto& h : p.node->owned_holds()) {
        const auto* holder = v.find(h.holder);
        if (h.is_taken || holder == nullptr) {
            continue;
        }
        c.judged_by.is_to_break(c.lock_of(h.name), h.token);
        const bool is_leased = p.lease_ends && c.events.now() < *p.lease_ends;
        node::send s{{p.id, h.holder, v.cluster, v.number, is_leased},
                     holder->address,
                     false,
                     false,
                     lock::message{lock::break_hold{h.name, h.token, h.number, {}, {}}}};
        processes_[place].send(s);
    }
}

}  // namespace holdfast::sim
