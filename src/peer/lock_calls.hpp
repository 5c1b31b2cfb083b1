// The calls that wait for a lock, how they are answered, and the one among them that reads the
// answers itself. Everything under the driver's mutex.
//
// A hand-over to the loop's thread and back costs several times what a round trip does. So the
// first caller that waits for an owner takes over reading the stream to it (net::transport::claim).
// With more callers the loop reads: handing the reading on would cost each of them the wake-up it
// saves. The thread that reads wakes those whose answers it found, after it has left the driver's
// mutex. A claim outlives its call for a moment (it is parked), because the next call mostly
// follows soon.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>

#include "base/time.hpp"
#include "net/transport.hpp"
#include "peer/call.hpp"
#include "peer/dispatcher.hpp"
#include "peer/wake_list.hpp"

namespace holdfast::runtime {

class lock_calls {
public:
    explicit lock_calls(dispatcher& callbacks) : callbacks_{callbacks} {}

    // ---- one stay under the mutex

    /// `inside`: the call whose thread this is, which needs no waking. The others that are answered
    /// are put into `wakeups`.
    void enter(const call* inside, wake_list& wakeups) noexcept;
    void leave() noexcept;

    // ---- calls

    [[nodiscard]] std::size_t size() const { return by_number_.size(); }
    /// It was asked for: `number` and `owner` are set.
    void add(call& c);
    /// Null: no call waits under that number.
    [[nodiscard]] call* find(request_number number) const;
    void grant(call& c, std::shared_ptr<hold_state> granted, net::transport& streams,
               base::time_point now) noexcept;
    void fail(call& c, const error& why, net::transport& streams, base::time_point now) noexcept;
    /// This peer has stopped. No claim is left.
    void fail_all(const error& why, net::transport& streams, base::time_point now) noexcept;
    /// How many have failed.
    [[nodiscard]] std::uint64_t failed() const { return failed_; }

    // ---- calls that end with this PeerId, to be asked again by the next

    void postpone(call& c, net::transport& streams, base::time_point now);
    [[nodiscard]] const std::vector<call*>& to_restart() const { return calls_to_restart_; }
    void clear_to_restart() { calls_to_restart_.clear(); }
    /// No new node came for them.
    void fail_to_restart(const error& why, net::transport& streams, base::time_point now) noexcept;

    // ---- the reader among them

    /// Lets `c` read the stream to its owner, if it is the only one that waits for that.
    void let_read(call& c, net::transport& streams);
    /// `c` found the stream broken, or reads for too many.
    void stop_reading(call& c, net::transport& streams) noexcept;
    /// When a parked claim has to be given back.
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    void give_back_parked(net::transport& streams, base::time_point now);

private:
    struct claim {
        peer_id owner;
        int fd;
        call* reader;  ///< null: parked
        base::time_point parked_at;
    };
    std::vector<claim>::iterator find_claim(const call& c);
    void answer(call& c, net::transport& streams, base::time_point now) noexcept;
    /// It no longer waits, and its claim is parked, or given back where others wait for the loop to
    /// read.
    void remove(call& c, net::transport& streams, base::time_point now) noexcept;
    void tell_answer(call& c) noexcept;
    void give_back_all(net::transport& streams) noexcept;

    dispatcher& callbacks_;
    const call* caller_inside_ = nullptr;
    wake_list* wakeups_ = nullptr;
    std::map<request_number, call*> by_number_;
    std::unordered_map<peer_id, std::size_t> waiting_for_;  // by owner
    std::vector<claim> claims_;
    std::vector<call*> calls_to_restart_;
    std::uint64_t failed_ = 0;
};

}  // namespace holdfast::runtime
