#include "view/change_acceptor.hpp"

#include <chrono>

namespace holdfast::views {

bool change_acceptor::may_accept(const ballot& asked) const {
    return acceptor_.may_accept(asked) || settings_.bug == base::planted::accepts_below_its_promise;
}

bool change_acceptor::is_sound(const views::accept& asked, const view& current,
                               const base::shared_slot_map& map, base::moment now) const {
    if (asked.value.number != asked.number) {
        return false;
    }
    // It follows from n and the value alone, so what one acceptor takes all do. Were it decided, a
    // wrong checksum would end every member.
    const auto after = apply(current, asked.value, settings_.bug);
    if (!after || asked.value.checksum !=
                      environment_.checksum(*after, *environment_.next_map(map, current, *after))) {
        return false;
    }
    // VIEW-1: views may be quicker than the seconds they are named for, but not for long.
    const bool runs_ahead = std::int64_t{asked.value.epoch.value} > now.wall_s + 60 &&
                            settings_.bug != base::planted::epochs_run_ahead;
    return !runs_ahead || now.now - installed_at_ >= std::chrono::seconds{1};
}

std::vector<remaining> change_acceptor::silences_of(const change& value,
                                                    base::time_point now) const {
    std::vector<remaining> told;
    for (const auto& id : value.removed) {
        told.push_back({id, environment_.time_since_ack(id, now)});
    }
    return told;
}

bool change_acceptor::blocks_lease_of(const peer_id& peer) const {
    const auto& a = acceptor_.accepted();
    if (!a) {
        return false;
    }
    if (a->value.changes_seats()) {
        return true;
    }
    return settings_.bug != base::planted::acks_a_removed_peer && a->value.removes(peer);
}

void change_acceptor::installed(base::time_point now) {
    acceptor_ = {};
    installed_at_ = now;
}

}  // namespace holdfast::views
