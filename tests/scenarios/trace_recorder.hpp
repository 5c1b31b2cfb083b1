// The trace of a scenario: what matters to a user and to the protocol, a line each, and not every
// packet.
//
// Ids, epochs and wall clocks are not shown, for they mean nothing to a reader: a peer has its
// name, a token the view it was granted in and its place there (`v3#1`).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "sim/cluster.hpp"

namespace holdfast::scenarios {

class trace_recorder {
public:
    trace_recorder(const sim::cluster& machines, const sim::trace& names,
                   const sim::event_queue& events, std::vector<std::string> locks)
        : machines_{machines},
          names_{names},
          events_{events},
          locks_{std::move(locks)},
          leased_(machines.places()) {}

    void add(std::string_view who, std::string_view text);
    void saw(std::uint32_t place, const node::output& what);
    /// After each event.
    void look_at_lease(std::uint32_t place);

    [[nodiscard]] std::string text() const;
    /// `v3#1`; of the second cluster of a scenario `B.v3#1`.
    [[nodiscard]] std::string name_of(token t) const;
    [[nodiscard]] std::uint64_t relayed() const { return relayed_; }

private:
    struct entry {
        sim::instant at{};
        std::vector<std::string> who;
        std::string text;
    };
    struct known_view {
        std::shared_ptr<const view> what;
        base::shared_slot_map map;
        sim::instant since{};
    };

    void see(std::uint32_t at, const node::send& s);
    void see(std::uint32_t at, const node::granted& g);
    void see(std::uint32_t at, const node::hold_lost& l);
    void see(std::uint32_t at, const node::view_installed& v);
    void see(std::uint32_t at, const node::must_restart& m);
    void see(std::uint32_t at, const node::has_left&);
    void see(std::uint32_t at, const node::owner_granted& g);
    void see(std::uint32_t at, const node::liveness_changed& b);
    void see(std::uint32_t at, const node::problem& c);
    void see(std::uint32_t at, const node::release_requested& a);
    void see(std::uint32_t at, const node::broke_by_policy& b);
    void see(std::uint32_t at, const node::answered& a);
    void see(std::uint32_t at, const node::hold_stalled& s);
    void see(std::uint32_t, const node::unanswered&) {}
    // only the runner knows what it was for
    void see(std::uint32_t, const node::request_failed&) {}
    void see(std::uint32_t, const node::persist_mark&) {}
    void see(std::uint32_t, const node::persist_records&) {}
    void see(std::uint32_t, const node::dial_again&) {}
    void see(std::uint32_t, const node::at_risk&) {}
    void see(std::uint32_t, const node::lock_changed&) {}
    void see(std::uint32_t, const node::check_process&) {}
    void see(std::uint32_t, const node::watch_process&) {}
    void see(std::uint32_t, const node::unwatch_process&) {}
    void see(std::uint32_t, const node::audit_recorded&) {}
    void see(std::uint32_t at, const node::audit_ended& e);
    void see(std::uint32_t, const node::audit_log_read&) {}
    void see(std::uint32_t, const node::record_written&) {}

    void see_sent(std::uint32_t at, const peer_id& to, const views::message& what);
    void see_sent(std::uint32_t at, const peer_id& to, const lock::message& what);
    void add_once(std::uint32_t at, std::string text);
    [[nodiscard]] std::string change_text(const known_view& before, const known_view& after) const;
    [[nodiscard]] std::string owners_text(const known_view* before, const known_view& after) const;
    [[nodiscard]] std::string names_text(const std::vector<peer_id>& ids,
                                         std::string_view before) const;
    [[nodiscard]] std::string value_text(const views::change& c) const;
    [[nodiscard]] std::string lock_names(std::uint32_t at, const std::vector<slot>& slots) const;
    [[nodiscard]] std::string cluster_name(const cluster_id& c) const;

    const sim::cluster& machines_;
    const sim::trace& names_;
    const sim::event_queue& events_;
    std::vector<std::string> locks_;
    std::vector<entry> entries_;
    std::vector<std::string> leased_;  // the name of the peer at each place that has a lease
    std::vector<cluster_id> clusters_;
    std::map<std::pair<cluster_id, view_number>, known_view> views_;
    std::map<epoch, std::string> epochs_;
    // LEASE-4, as it was told with the steps
    std::map<std::tuple<view_number, peer_id>, base::duration> remaining_;
    // by owner and serial: names of locks
    std::map<std::pair<peer_id, std::uint64_t>, std::string> gathered_;
    std::set<std::tuple<std::uint32_t, std::string, token>> held_;  // at each place
    std::set<peer_id> seen_dead_;
    std::set<std::string> said_once_;
    std::uint64_t relayed_ = 0;
};

}  // namespace holdfast::scenarios
