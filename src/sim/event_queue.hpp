// What happens next, in true time; of two events at one instant the one that was planned first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/instant.hpp"

namespace holdfast::sim {

enum class event_kind : std::uint8_t {
    datagram,  ///< a packet arrives: detail is its number
    /// the first packet of a stream is due: detail is the stream and its generation
    stream,
    timer,        ///< a node's deadline
    start,        ///< a process is started
    resume,       ///< a pause ends: detail is the run of the process
    application,  ///< the workload's next step at `where`
    next_fault,
    end_of_fault,  ///< detail is the number of the fault
    fault_now,     ///< what a trigger does: detail says what
    attack,        ///< the adversary's: detail says what
    look,          ///< the run looks whether it is done
    stream_lost,   ///< a stream to that run has broken: detail is the run
    stream_ended,  ///< the other end has closed or reset it: detail is that run
    process_gone,  ///< a process of the same machine has ended: detail is that run
    disk,          ///< a write is done, or is tried again: detail is which
    found_there,   ///< a stream was dialled to where another run is: detail is that run
    replay,        ///< a stranger sends something again
};

struct event {
    instant at{};
    std::uint64_t order = 0;
    event_kind kind{};
    std::uint32_t where = 0;
    std::uint64_t detail = 0;
};

class event_queue {
public:
    void plan(instant at, event_kind kind, std::uint32_t where = 0, std::uint64_t detail = 0) {
        heap_.push_back({at < now_ ? now_ : at, ++planned_, kind, where, detail});
        std::push_heap(heap_.begin(), heap_.end(), is_later);
    }
    /// The next event; it is then `now`. There always is one: the run plans its own end.
    event next() {
        std::pop_heap(heap_.begin(), heap_.end(), is_later);
        const event e = heap_.back();
        heap_.pop_back();
        now_ = e.at;
        return e;
    }
    [[nodiscard]] bool empty() const { return heap_.empty(); }
    [[nodiscard]] instant now() const { return now_; }
    [[nodiscard]] std::uint64_t planned() const { return planned_; }

private:
    static bool is_later(const event& a, const event& b) {
        return a.at != b.at ? a.at > b.at : a.order > b.order;
    }

    std::vector<event> heap_;
    std::uint64_t planned_ = 0;
    instant now_{};
};

}  // namespace holdfast::sim
