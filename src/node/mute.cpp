// Members and voters that are mute by stream (LEASE-8).
#include <string>
#include <utility>
#include <variant>

#include "node/state.hpp"
#include "node/text_of.hpp"

namespace holdfast::node {

bool node::state::take_mutes() {
    bool is_any = false;
    while (auto o = mutes.next()) {
        is_any = true;
        std::visit([&](const auto& what) { from_mutes(what); }, *o);
    }
    settle_mutes();
    return is_any;
}

void node::state::from_mutes(const lease::mute_watch::dial_again& d) {
    const auto& v = agreement.current();
    if (const auto* m = v ? v->find(d.peer) : nullptr) {
        out.push(dial_again{d.peer, m->address});
    }
}

void node::state::from_mutes(const lease::mute_watch::found_mute& f) {
    out.push(
        problem{errc::io_error,
                "nothing comes by TCP from " + text_of(f.peer, agreement.current().get()) +
                    ", though datagrams pass, and a second connection did no better (LEASE-8): "
                    "see whether a firewall lets TCP pass both ways"});
}

void node::state::settle_mutes() {
    const bool is_too_quiet = !mutes.hears_quorum();
    renewal.set_muted(is_too_quiet);
    if (std::exchange(is_muted, is_too_quiet) == is_too_quiet || !is_too_quiet) {
        return;
    }
    std::string who;
    for (const auto& peer : mutes.mute_voters()) {
        who += (who.empty() ? "" : ", ") + text_of(peer, agreement.current().get());
    }
    out.push(
        problem{errc::no_quorum,
                "this peer does not renew its lease: no majority of the seats is heard by TCP, "
                "though datagrams pass (LEASE-8). Nothing comes from " +
                    who + ": see whether a firewall lets TCP pass both ways"});
}

void node::state::hear_of_streams(const peer_id& from, const lease::ack& answer,
                                  base::time_point now) {
    if (answer.lacks_descriptors) {
        mutes.waived_by(from, now);
    }
    const auto& v = agreement.current();
    if (answer.is_at_two_hosts && v && v->is_voter(from) && !std::exchange(is_at_two_hosts, true)) {
        out.push(problem{errc::io_error,
                         "another process has the PeerId of this one: " + text_of(from, v.get()) +
                             " has streams of both, from two hosts (CERT-3). This machine, or the "
                             "other, is a clone: start holdfast again on both"});
    }
}

// ---- what the driver sees of its sockets

void node::seen_at_two_hosts(const peer_id& peer, base::moment now) {
    auto& s = *state_;
    s.begin(now);
    const auto& v = s.agreement.current();
    if (!s.is_over && v && v->has(peer) && s.streams.seen_at_two_hosts(peer, *v)) {
        s.out.push(
            problem{errc::io_error,
                    text_of(peer, v.get()) +
                        " has streams from two hosts, so its machine was cloned while it ran "
                        "(CERT-3): what processes there say of others that have ended counts "
                        "no more; start holdfast again on both"});
    }
    s.end_call(now);
}

void node::stream_brought_part(const peer_id& peer, base::moment now) {
    state_->begin(now);
    state_->mutes.came_by_stream(peer, now.now);
    state_->ways.brought_part(peer, now.now);
    state_->relayed_waits.brought_part(peer, now.now);
    state_->end_call(now);
}

void node::has_read_all(base::time_point until) { state_->mutes.has_read_all(until); }

void node::dialled_again(const peer_id& peer, base::moment now) {
    state_->begin(now);
    state_->mutes.dialled_again(peer);
    state_->end_call(now);
}

void node::set_lacking_descriptors(bool is_lacking, base::moment now) {
    auto& s = *state_;
    s.begin(now);
    if (is_lacking && !s.mutes.is_lacking_descriptors() && !s.is_over) {
        s.out.push(problem{errc::io_error,
                           "this process has no descriptor or no port left for a stream, so it "
                           "does not look whether streams bring anything (LEASE-8): raise "
                           "RLIMIT_NOFILE, or see ip_local_port_range"});
    }
    s.mutes.set_lacking_descriptors(is_lacking, now.now);
    s.end_call(now);
}

bool node::is_lacking_descriptors() const { return state_->mutes.is_lacking_descriptors(); }

}  // namespace holdfast::node
