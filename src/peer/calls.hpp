// Callers that wait for a lock, and the one among them that reads the answers itself.
//
// A hand-over to the loop's thread and back costs several times what a round trip does. So the
// first caller that waits for an owner takes over reading the stream to it (net::transport::claim).
// With more callers the loop reads: handing the reading on would cost each of them the wake-up it
// saves. Whoever reads wakes those whose answers it found, after it has left the driver's mutex. A
// claim outlives its call for a moment (`parked`), because the next one mostly follows soon.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <holdfast/breaking.hpp>
#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

#include "base/time.hpp"
#include "lock/inquiry.hpp"
#include "net/transport.hpp"
#include "peer/grip.hpp"
#include "peer/parking.hpp"

namespace holdfast::runtime {

struct later_call;

/// Lives on the stack of its caller, until `word` says `answered`, or in a later_call.
struct call {
    static constexpr std::uint32_t waiting = 0;
    static constexpr std::uint32_t answered = 1;

    std::string_view name;
    std::string note;
    std::function<void(errc)> on_lost;
    bool is_try = false;
    std::optional<base::time_point> until;
    lock_mode mode;
    break_policy breaking;
    std::function<void(const asked_back&)> on_asked_back;
    base::duration max_hold{};
    base::duration progress_every{};
    stuck_action when_stuck{};
    std::int32_t priority = 0;
    std::chrono::milliseconds lock_delay{};

    // Under the driver's mutex, and the caller's once answered.
    request_number number;
    peer_id owner;  ///< as it was when asked; nil: none, or this peer
    bool is_over = false;
    std::shared_ptr<grip> granted;
    error failure;  ///< when nothing was granted

    std::atomic<int> read_fd{-1};  ///< the stream it reads, while it has the claim
    std::shared_ptr<runtime::waker> waker;
    std::atomic<std::uint32_t> word{waiting};

    /// what it is part of, from when it is asked until it is answered
    std::shared_ptr<later_call> later;
};

/// A call that nobody waits in: the callback thread tells the answer.
struct later_call {
    std::string name;
    call what;
    std::function<void(result<std::shared_ptr<grip>>)> then;
    /// a stop was requested, perhaps before it was asked
    std::atomic<bool> is_unwanted{false};
    std::optional<std::stop_callback<std::function<void()>>> on_stop;
};

/// Who has to be woken once the mutex is free.
class wake_list {
public:
    /// `c` is over; it is not touched again after run() has said so.
    void add_answered(call& c) noexcept {
        add({&c.word, c.read_fd.load(std::memory_order_relaxed) >= 0 ? c.waker : nullptr});
    }
    /// `c` is not over, but has to stop reading.
    void add_reader(const call& c) noexcept { add({nullptr, c.waker}); }
    void run();

private:
    struct entry {
        std::atomic<std::uint32_t>* word;
        std::shared_ptr<waker> reading;
    };
    void add(entry e) noexcept;
    static void wake(const entry& e) noexcept;

    std::vector<entry> entries_;
};

/// Which callers wait, and which streams they have. Everything under the driver's mutex.
class call_table {
public:
    [[nodiscard]] std::size_t size() const { return by_number_.size(); }
    void add(call& c);
    /// Null: nobody waits under that number.
    [[nodiscard]] call* find(request_number number) const;
    /// It is answered: no longer waiting, and its claim is parked, or given back where others wait
    /// for the loop to read.
    void remove(call& c, net::transport& streams, base::time_point now);
    /// Null: nobody waits.
    [[nodiscard]] call* any() const {
        return by_number_.empty() ? nullptr : by_number_.begin()->second;
    }

    /// Lets `c` read the stream to its owner, if it is the only one who waits for that.
    void let_read(call& c, net::transport& streams);
    /// `c` found the stream broken, or reads for too many.
    void stop_reading(call& c, net::transport& streams);
    /// When a parked claim has to be given back.
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    void give_back_parked(net::transport& streams, base::time_point now);
    void give_back_all(net::transport& streams, wake_list& wakes);

private:
    struct claim {
        peer_id owner;
        int fd;
        call* reader;  ///< null: parked
        base::time_point parked_at;
    };
    std::vector<claim>::iterator find_claim(const call& c);

    std::map<request_number, call*> by_number_;
    std::unordered_map<peer_id, std::size_t> waiting_for_;
    std::vector<claim> claims_;
};

}  // namespace holdfast::runtime
