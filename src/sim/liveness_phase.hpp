// After the faults: every lock must be had again (LIVE), locks that are held cost nothing
// (SILENCE), watchers know how things are (WATCH-1), and nothing stays behind (STUCK).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/cluster.hpp"
#include "sim/event_queue.hpp"
#include "sim/judge.hpp"
#include "sim/run_plan.hpp"
#include "sim/workload.hpp"

namespace holdfast::sim {

class liveness_phase final : public interceptor {
public:
    liveness_phase(const run_plan& plan, cluster& machines, workload& work, judge& watching,
                   const event_queue& events);

    /// Everything has just been mended.
    void begin();
    /// Called again and again. Says whether the run is finished.
    bool look();
    /// From the mending until every process had had every lock.
    [[nodiscard]] instant served_after() const { return served_after_; }
    /// The impairment of one process.
    verdict sending(message_kind kind, std::uint32_t from, std::uint32_t to) override;

private:
    enum class phase : std::uint8_t {
        checking,  // every process asks for every lock
        // late messages arrive now, so that they are not taken for requests of the next phases
        calming,
        settling,  // some locks are taken and kept; the messages that this needs are sent
        resting,   // no message is about locks (SILENCE)
        closing,   // the last locks are released
        quiet,     // the last watchers are notified
        replays,   // recorded packets come again, and cost no member its place (SEAL-3)
    };

    void look_at_checking(instant now);
    void settle(instant now);
    [[nodiscard]] bool is_disturbed() const;
    void look_at_rest(instant now);
    void look_at_closing(instant now);
    void be_quiet(instant now);
    [[nodiscard]] bool is_leaver_back() const;
    [[nodiscard]] bool has_replays() const;
    [[nodiscard]] bool answers_strangers() const;
    [[nodiscard]] bool look_at_replays(instant now);
    void trouble(instant now);
    void force_views(instant now);
    void befall();
    void lose_the_seats();
    void relieve();
    void cut_off_from(std::uint32_t first, std::uint32_t end, bool both_ways);
    void enter(phase next, instant until);
    /// When all that is left to ask for must have been granted.
    [[nodiscard]] instant served_by(instant now) const;

    const run_plan& scenario_;
    const liveness_plan& plan_;
    cluster& machines_;
    workload& work_;
    judge& judge_;
    const event_queue& events_;
    phase phase_ = phase::checking;
    instant until_{};
    instant looked_{};
    instant began_{};
    instant served_after_{};
    instant gives_up_resting_{};
    instant next_kill_{};
    instant owner_crashes_{};
    instant leaves_{};
    instant seats_restart_ = instant::max();
    bool is_impaired_ = false;
    std::vector<std::uint32_t> new_seats_;
    std::vector<std::pair<instant, std::uint32_t>> untold_;  // of them, and when they will be
    std::vector<std::pair<std::uint32_t, std::uint32_t>> cut_;
    std::uint64_t views_before_ = 0;
    std::uint64_t ended_before_ = 0;
    std::uint64_t lock_messages_before_ = 0;
    std::uint64_t late_before_ = 0;
};

}  // namespace holdfast::sim
