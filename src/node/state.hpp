// What passes between the parts of a node, and in which order.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>

#include "base/deadline.hpp"
#include "base/time.hpp"
#include "node/message.hpp"
#include "node/node.hpp"
#include "node/parts.hpp"

namespace holdfast::node {

struct node::state : parts {
    using parts::parts;

    // ---- the order of every call: begin, act, settle, end_call

    void begin(base::moment now);
    /// Carries what each part says to the others, until none has anything to say.
    void settle(base::moment now);
    void end_call(base::moment now);
    /// The end of a call that may bring a departure forward.
    void end_call_and_depart(base::moment now);
    void invariants() const;
    void notice_lease(base::moment now);
    /// Worked out when it is first asked for after a call: it asks every part.
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    /// NOW-2: also when the machine was suspended since the call before.
    [[nodiscard]] bool is_due(base::moment now) const {
        return base::is_due(deadline(), now.now) ||
               (!is_over && now.suspended != lease.noticed().suspended);
    }

    [[nodiscard]] std::optional<base::time_point> earliest_deadline() const;

    // ---- what comes in

    void dispatch(const peer_id& from, const base::way& came, view_number shown,
                  const message& what, base::moment now);
    void handle_lease(const peer_id& from, bool by_stream, view_number shown,
                      const lease::message& what, base::moment now);
    void handle_lock(const peer_id& from, const lock::message& what, base::time_point now);
    void take(const peer_id& from, const lock::to_owner& what, base::time_point now);
    void take(const peer_id& from, const lock::to_holder& what, base::time_point now);
    void take(const peer_id& from, const lock::to_asker& what, base::time_point now);
    void take(const peer_id& from, const lock::to_seat& what, base::time_point now);
    // What a seat does (seat_records.cpp, reach.cpp).
    void on_seat(const peer_id& from, const lock::read_records& wanted, base::time_point now);
    void on_seat(const peer_id& from, const lock::store_record& given, base::time_point now);
    void on_seat(const peer_id& from, const lock::no_holds& said, base::time_point now);
    void handle_relayed(const peer_id& from, const relayed& r, base::time_point now);

    /// Null: it is no member, it runs elsewhere, or it is this peer.
    [[nodiscard]] const member* member_of_our_machine(const peer_id& peer) const;

    // ---- what the parts say

    void from_view(views::send& s, base::moment now);
    void from_view(persist_mark& p, base::moment) { out.push(p); }
    void from_view(problem& c, base::moment) { out.push(std::move(c)); }
    void from_view(views::evicted& e, base::moment now);
    void from_view(views::newcomer& n, base::moment now);
    void from_view(views::installed& i, base::moment now) { install(i.what, now); }
    void from_swim(swim::send& s, base::time_point now);
    void from_swim(liveness_changed& b, base::time_point now);
    void from_swim(swim::heard& h, base::time_point now);
    void from_owner(lock::send& s, base::moment now);
    void from_owner(lock::owner_granted& g, base::moment now);
    void from_owner(broke_by_policy& b, base::moment now);
    void from_owner(lock::epoch_wanted&, base::moment now);
    void from_owner(lock::quota_reached& q, base::moment) {
        out.push(problem_of(q, agreement.current().get()));
    }
    void from_holder(lock::send& s) { mail.send_lock(std::move(s), last_now); }
    void from_holder(lock::watch_not_taken& w) { out.push(problem_of(w)); }
    template <class Told>
    void from_holder(Told& what) {
        out.push(std::move(what));
    }
    void from_audit_log(persist_records& p) { out.push(std::move(p)); }
    void from_audit_log(problem& c) { out.push(std::move(c)); }
    void from_audit_log(const holdfast::node::audit_log::stored& s);
    void from_query_client(lock::send& s) { mail.send_lock(std::move(s), last_now); }
    void from_query_client(lock::answered& a);
    void from_query_client(lock::unanswered& u);
    void install(views::installation& i, base::moment now);

    // ---- streams that bring nothing (mute.cpp)

    bool take_mutes();  // whether anything was found of them
    void from_mutes(const lease::mute_watch::dial_again& d);
    void from_mutes(const lease::mute_watch::found_mute& f);
    /// LEASE-8: the lease is renewed, or is not, for so many voters are mute.
    void settle_mutes();
    /// What a voter says of its streams.
    void hear_of_streams(const peer_id& from, const lease::ack& answer, base::time_point now);

    // ---- whether ways work (ways.cpp)

    void handle_ways(const peer_id& from, const base::way& came, const views::way_message& what,
                     base::time_point now);
    /// `like`: what came by the way that it is to go.
    void send_large(const peer_id& to, const endpoint& at, views::way_message what,
                    const base::way& like, base::duration copy_age);
    void tell_of_ways(base::time_point now);
    void tell_of_ways_to(const peer_id& from, const lease::ack& answer, base::time_point now);
    /// Of this PeerId, which ends now, and of those before it.
    [[nodiscard]] std::size_t removals_without_lease(errc why) const;

    // ---- who lives where (addresses.cpp)

    [[nodiscard]] bool is_voter() const;
    [[nodiscard]] swim::role role_in_gossip() const;
    /// A peer says that it lives at an address where, by the view, another does.
    void check_claim(const endpoint& at, const peer_id& claims, base::time_point now);
    /// FOUND-3: without a lease, of the peer that was found there, if it is no member.
    void ask_for_cluster(const endpoint& at);
    /// NET-4: as a voter, of the members that may be settled soon.
    void dial_newcomers(base::time_point now);
    [[nodiscard]] bool is_to_be_dialled(const member& m) const;
    [[nodiscard]] bool is_dialled_in_vain(const member& m, base::time_point now) const;
    /// Of every seat that was not heard just now.
    void look_for_seats(base::time_point now);

    // ---- who is reached late, or not (reach.cpp)

    void stream_lost(const peer_id& peer, base::time_point now);
    /// LOAD-4: what that peer has not answered; to all whose streams were lost a while ago.
    void send_again(const peer_id& peer, base::time_point now);
    void send_again(base::time_point now);
    /// VIEW-9. Tells the voters which members have kept this owner waiting too long.
    void tell_of_overdue(base::time_point now);
    /// As a voter: asks them, and who told of them.
    void ask_ways(base::time_point now);
    void note_relayed_wait(const peer_id& from, const peer_id& to, const lock::message& what,
                           base::time_point now);
    /// False: it is about leases.
    bool take_way(const peer_id& from, bool by_stream, const lease::message& what,
                  base::time_point now);
    /// After the machines have installed the view.
    void reach_members(const view& v, base::time_point now);

    // ---- leaving, and the end of a PeerId

    void check_isolation(base::time_point now);
    void send_evictions(base::time_point now);
    void tell_of_rivals(base::time_point now);
    void advance_departure(base::moment now);
    void finish(errc why);
    void drain_after_the_end();

    bool is_over = false;
    bool has_been_leased = false;
    bool is_muted = false;         // as was last said
    bool is_at_two_hosts = false;  // likewise
    std::optional<output> final_output;
    std::optional<base::time_point> next_isolation_check;
    // by the sender of what is being handled, and by the stream that brought it
    cluster_id shown_cluster;
    std::uint32_t shown_segment = 0;
};

}  // namespace holdfast::node
