// What the applications do: they ask for locks, hold them, write to what the locks guard, release,
// and change their minds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "lock/multi_lock.hpp"
#include "sim/cluster.hpp"
#include "sim/drawn_work.hpp"
#include "sim/event_queue.hpp"
#include "sim/judge.hpp"
#include "sim/run_plan.hpp"

namespace holdfast::sim {

class workload final : public application {
public:
    workload(const run_plan& plan, std::uint64_t seed, cluster& machines, judge& watching,
             event_queue& events);

    void handle(const event& e);

    // ---- application: what the cluster tells
    void started(std::uint32_t place) override;
    void ended(std::uint32_t place) override;
    void resumed(std::uint32_t place) override;
    void granted(std::uint32_t place, request_number number, judge::lock l, token t,
                 bool is_clean) override;
    void failed(std::uint32_t place, request_number number) override;
    void lost(std::uint32_t place, judge::lock l, token t) override;
    void release_request(std::uint32_t place, judge::lock l, token t) override;

    /// No new requests, but for one by each process for each lock: that every lock can be had again
    /// (LIVE).
    void wind_down();
    /// Every process got what it asked for, and no lock is held.
    [[nodiscard]] bool is_done() const;
    /// An application keeps a lock for as long as it likes, which is not the library's doing
    /// (LIVE).
    [[nodiscard]] bool keeps_a_lock() const;
    /// How many requests there still have to be.
    [[nodiscard]] std::size_t requests_left() const;
    /// Its processes need not be served any more: they are killed, or have left.
    void excuse(std::uint32_t place) { excused_[place] = true; }
    /// As many processes as there are locks take one each and keep it, until told otherwise.
    void rest();
    [[nodiscard]] bool is_resting() const;
    void wake();
    /// Tells the judge of a process that was not served.
    void report_unserved(instant now) const;

private:
    enum class doing : std::uint8_t { nothing, thinking, waiting, holding };
    /// One of several locks that are asked for at once.
    struct share {
        judge::lock lock = 0;
        token held;
    };
    struct client {
        doing what = doing::nothing;
        std::uint32_t step = 0;  // events planned for an earlier step are void
        request_number number;
        judge::lock lock = 0;
        token held;
        bool mends = false;       // what it may have found half done (FATE)
        bool checks_off = false;  // while winding down: it asks for every lock in turn
        judge::lock next_to_check = 0;
        bool rests = false;  // it takes its lock and keeps it
        // of its time with the hold: after each it says that it gets on
        unsigned slices = 0;
        std::optional<lock::multi_lock> all;  // it wants several locks, or has them
        std::vector<share> shares;            // of these, in the order as given
        std::uint64_t together = 0;
        std::size_t asks_for = 0;  // which of them
        std::optional<instant> gives_up;
    };
    /// A write that left its process long before it arrives.
    struct late_write {
        judge::lock lock = 0;
        token with;
    };

    void plan(std::uint32_t place, std::size_t index, base::duration wait);
    void act(std::uint32_t place, client& c, std::size_t index);
    void ask(std::uint32_t place, client& c, std::size_t index);
    // several at once (ALL-1), as peer::lock_all does it
    void want_several(client& c);
    void ask_for_next(std::uint32_t place, client& c, std::size_t index);
    void has_another(std::uint32_t place, client& c, std::size_t index, token t);
    void give_back(std::uint32_t place, client& c, std::size_t index);
    void last_write(std::uint32_t place, judge::lock l, token t);
    void watch_anew(std::uint32_t place);
    [[nodiscard]] bool may_watch(std::uint32_t place) const {
        return plan_.work.watches && !plan_.places[place].is_misfit();
    }
    void let_go(std::uint32_t place, client& c, std::size_t index);
    void think(std::uint32_t place, client& c, std::size_t index, base::duration at_least);

    const run_plan& plan_;
    base::random_source random_;
    cluster& machines_;
    judge& judge_;
    event_queue& events_;
    drawn_work draws_;
    std::vector<std::vector<client>> clients_;  // by place
    // events that came while the process was paused
    std::vector<std::vector<std::uint64_t>> put_off_;
    std::vector<late_write> late_writes_;
    std::vector<bool> excused_;  // by place
    std::size_t used_once_ = 0;  // of the locks that are asked for once
    std::uint64_t last_together_ = 0;
    bool winds_down_ = false;
    bool rests_ = false;
    instant winds_down_since_{};
};

}  // namespace holdfast::sim
