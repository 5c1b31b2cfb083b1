// The pretend network: datagrams that are lost, delayed, doubled and overtaken, and streams that
// keep their order until they break.
//
// Between two places there is one stream each way. It carries what one run of a process sends to
// one run of another; when either ends, or the connection is reset, what was under way is lost from
// some point on, and what came before that point may still arrive, even after the first packets of
// the next connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "sim/event_queue.hpp"

namespace holdfast::sim {

/// What the network does to all packets. Drawn from the seed; mended at the end of a run.
struct weather {
    double loss = 0;
    double duplication = 0;
    /// the chance that a packet takes up to `longest_spike` more
    double spike = 0;
    base::duration longest_spike{};
    base::duration shortest_delay = std::chrono::microseconds{200};
    /// delays are spread over this many doublings of the shortest
    unsigned doublings = 1;
    bool streams_wait_out_cuts = false;      ///< else a cut breaks them
    bool one_way_cuts_stop_streams = false;  ///< acknowledgements cannot come back
};

enum class transport : std::uint8_t { stream, datagram };

/// A packet on its way, or waiting in a paused process.
struct packet {
    std::vector<std::byte> bytes;
    std::uint32_t from = 0;  ///< places
    std::uint32_t to = 0;
    std::uint32_t from_run = 0;  ///< which process it was at that place
    std::uint32_t to_run = 0;
    bool is_stream = false;
    bool is_to_nobody = false;  ///< but to the process at that address
    bool is_about_locks = false;
    bool is_again = false;          ///< a stranger sends it, who recorded it
    std::uint64_t recorded_as = 0;  ///< 0: it was not recorded
};

class network {
public:
    using number = std::uint32_t;  // of a packet
    static constexpr number none = UINT32_MAX;

    struct counters {
        std::uint64_t sent = 0;
        std::uint64_t bytes = 0;
        std::uint64_t lost = 0;
        std::uint64_t doubled = 0;
        std::uint64_t spikes = 0;
        std::uint64_t resets = 0;
    };

    network(std::size_t places, std::uint64_t seed, event_queue& events);

    void set_weather(const weather& w) { weather_ = w; }

    // ---- sending: take a blank packet, write its bytes, post it

    [[nodiscard]] number blank();
    [[nodiscard]] packet& at(number n) { return *packets_[n]; }
    /// `to_run` 0: no process is there, so no stream can be opened; for a datagram that is checked
    /// when it arrives. `extra` is added to the delay.
    void post(number n, base::duration extra);
    void discard(number n) { free_.push_back(n); }

    // ---- receiving

    /// The packet that arrives with this event, which the caller discards when it is done with it;
    /// `none` if the event is about a stream that was reset or waits out a cut.
    [[nodiscard]] number arrived(const event& e);

    // ---- trouble

    /// Cuts are counted: a link carries nothing while any cut of it lasts.
    void cut(std::uint32_t from, std::uint32_t to);
    void heal(std::uint32_t from, std::uint32_t to);
    [[nodiscard]] bool is_cut(std::uint32_t from, std::uint32_t to) const {
        return cuts_[link(from, to)] > 0;
    }
    /// As a cut, for what goes by one of the two.
    void block(std::uint32_t from, std::uint32_t to, transport what);
    void unblock(std::uint32_t from, std::uint32_t to, transport what);
    /// Every packet on this link takes up to `most` more.
    void slow_down(std::uint32_t from, std::uint32_t to, base::duration most) {
        slowness_[link(from, to)] = most;
    }
    /// `is_noticed`: by its sender, at once.
    void reset(std::uint32_t from, std::uint32_t to, bool is_noticed = true);
    /// Something sent by stream at `by` or before has not arrived, as far as its sender's system
    /// knows.
    [[nodiscard]] bool is_under_way(std::uint32_t from, std::uint32_t to, instant by) const;
    /// Nothing passes by a stream, however often it is dialled; datagrams do. Counted like cuts.
    void mute(std::uint32_t from, std::uint32_t to);
    void unmute(std::uint32_t from, std::uint32_t to) { --mutes_[link(from, to)]; }
    /// Large packets are lost, and none is told of it: a part of the way takes smaller ones only.
    /// Counted like cuts.
    void narrow(std::uint32_t from, std::uint32_t to) { ++narrows_[link(from, to)]; }
    void widen(std::uint32_t from, std::uint32_t to) { --narrows_[link(from, to)]; }
    /// The run at `place` ended: its streams break, and those that it reaches hear of that.
    void run_ended(std::uint32_t place, std::uint32_t run);
    /// There is a stream between the two, whichever of them sent.
    [[nodiscard]] bool are_connected(std::uint32_t x, std::uint32_t y) const {
        return streams_[link(x, y)].is_open || streams_[link(y, x)].is_open;
    }
    /// The process at `from` has dialled the one at `to` itself.
    [[nodiscard]] bool has_dialled(std::uint32_t from, std::uint32_t to) const {
        return streams_[link(from, to)].is_dialled && !is_stopped(from, to);
    }
    /// `run`, at `from`, has closed its stream to `to`, or what is between them has reset it.
    void tell_of_end(std::uint32_t from, std::uint32_t to, std::uint32_t run);

    [[nodiscard]] const counters& counted() const { return counters_; }

private:
    struct due_packet {
        number what = none;
        instant due{};
        instant sent{};
    };
    struct arrived_packet {
        instant sent{};
        instant acknowledged{};
    };
    struct stream {
        std::deque<due_packet> under_way;
        std::deque<arrived_packet> arrived;  // the latest, until they are acknowledged
        std::uint32_t generation = 0;
        bool is_planned = false;  // an event will deliver the first packet
        bool is_open = false;     // something was sent on it
        bool is_dialled = false;  // there is one that this side has dialled
        std::uint32_t to_run = 0;
        instant last_due{};
    };

    [[nodiscard]] std::size_t link(std::uint32_t from, std::uint32_t to) const {
        return std::size_t{from} * places_ + to;
    }
    [[nodiscard]] base::duration delay(std::size_t l);
    [[nodiscard]] bool is_stopped(std::uint32_t from, std::uint32_t to) const;
    [[nodiscard]] bool is_too_large(number n);
    void post_datagram(number n, base::duration extra);
    void post_on_stream(number n, base::duration extra);
    void plan_first(std::size_t l);
    void break_streams(std::uint32_t from, std::uint32_t to);
    void resume_streams(std::uint32_t from, std::uint32_t to);
    [[nodiscard]] std::uint16_t& blocks(std::size_t l, transport what) {
        return blocks_[2 * l + static_cast<std::size_t>(what)];
    }
    [[nodiscard]] bool is_blocked(std::size_t l, transport what) const {
        return blocks_[2 * l + static_cast<std::size_t>(what)] > 0;
    }

    std::size_t places_;
    base::random_source random_;
    event_queue& events_;
    weather weather_;
    // references stay good while others are added
    std::vector<std::unique_ptr<packet>> packets_;
    std::vector<number> free_;
    std::vector<stream> streams_;
    std::vector<std::uint16_t> cuts_;
    std::vector<std::uint16_t> blocks_;  // two for each link
    std::vector<std::uint16_t> mutes_;
    std::vector<std::uint16_t> narrows_;
    std::vector<base::duration> slowness_;
    counters counters_;
};

}  // namespace holdfast::sim
