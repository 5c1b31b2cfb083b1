// What goes wrong, when, and to whom: the faults a seed has drawn, one after another and several at
// a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "sim/cluster.hpp"
#include "sim/event_queue.hpp"
#include "sim/lasting_faults.hpp"
#include "sim/run_plan.hpp"
#include "sim/trigger.hpp"

namespace holdfast::sim {

class faults final : public interceptor {
public:
    faults(const run_plan& plan, std::uint64_t seed, cluster& machines, event_queue& events);

    /// next_fault, end_of_fault, fault_now.
    void handle(const event& e);
    verdict sending(message_kind kind, std::uint32_t from, std::uint32_t to) override;
    /// Everything that lasts ends now, and nothing new begins.
    void heal();

    [[nodiscard]] const std::array<std::uint64_t, fault_kinds>& injected() const {
        return injected_;
    }

private:
    using link = lasting_faults::link;
    using group = std::vector<std::uint32_t>;

    void begin_next();
    void act_now(std::uint64_t what, std::uint32_t where);
    void inject(fault f, std::uint32_t someone);
    void orphan();
    void orphan_a_lock_of(std::uint32_t owner);
    void rush(std::uint32_t left);
    void half_open(std::uint32_t someone, transport what);
    void crash_again(std::uint32_t place, std::uint64_t left);
    // one for each kind, in the order of `fault`; some have no use for the victim
    void crash(std::uint32_t someone);
    void crash_majority(std::uint32_t);
    void pause(std::uint32_t someone);
    void split(std::uint32_t);
    void isolate(std::uint32_t someone);
    void cut_link(std::uint32_t someone);
    void one_way(std::uint32_t someone);
    void leave(std::uint32_t someone);
    void clock_rate(std::uint32_t someone);
    void wall_step(std::uint32_t someone);
    void slow_link(std::uint32_t someone);
    void reset_streams(std::uint32_t someone);
    [[nodiscard]] bool may_certify_falsely() const;
    [[nodiscard]] bool hears_ends(std::uint32_t place) const;
    void false_certificate(std::uint32_t someone);
    void suspend(std::uint32_t someone);
    void slewed_clock(std::uint32_t someone);
    void no_streams(std::uint32_t someone) { half_open(someone, transport::stream); }
    void no_datagrams(std::uint32_t someone) { half_open(someone, transport::datagram); }
    void crash_loop(std::uint32_t someone);
    void mute_streams(std::uint32_t someone);
    void gossip_blackout(std::uint32_t someone);
    void set_trigger(std::uint32_t);
    void old_tables(std::uint32_t);
    void cut_off_until_vote(std::uint32_t someone);

    void isolate(const group& lonely, base::duration how_long);
    std::uint64_t cut_off(const group& some, bool from_them, bool to_them, base::duration how_long,
                          bool is_until_vote = false);
    void befalls(trigger::mishap f, std::uint32_t place);
    void abuse_clock(std::uint32_t place);
    void let_be_heard();

    [[nodiscard]] std::uint32_t anyone();
    /// The place of the owner or the holder of a lock, or any other place.
    [[nodiscard]] std::uint32_t victim();
    [[nodiscard]] base::duration up_to(base::duration longest);

    const run_plan& plan_;
    base::random_source random_;
    // for what was thought of later (NOW-2 first), so that seeds without it are the runs they were
    base::random_source random_of_clocks_;
    base::random_source random_of_streams_;  // LEASE-8
    cluster& machines_;
    event_queue& events_;
    lasting_faults lasting_;
    std::optional<trigger> trigger_;
    std::optional<std::uint32_t> cut_until_vote_;    // cut off until its removal is voted on
    std::uint64_t until_vote_ = 0;                   // the cut, as in lasting_
    std::optional<std::uint32_t> heard_after_vote_;  // heard for a moment
    // its lease requests are lost, its owner's side lives on
    std::optional<std::uint32_t> mute_;
    bool is_orphaned_ = false;  // the holder of one of its locks is cut off
    bool is_rushing_ = false;
    bool is_healed_ = false;
    std::array<std::uint64_t, fault_kinds> injected_{};
};

}  // namespace holdfast::sim
