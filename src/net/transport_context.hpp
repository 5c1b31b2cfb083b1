// What the parts of a transport share: who this peer is, what is counted, how often problems are
// told, and what happens when memory runs out.
#pragma once

#include <chrono>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <holdfast/error.hpp>

#include "base/time.hpp"
#include "net/known_senders.hpp"
#include "net/stream.hpp"
#include "net/transport.hpp"

namespace holdfast::net {

class transport_context {
public:
    transport_context(transport_options given, std::function<void(error)> complain)
        : options{std::move(given)},
          senders{options.key, options.cluster_name},
          complain_{std::move(complain)} {
        mine.self = options.self;
        mine.key = options.key;
        mine.cluster = fingerprint(options.cluster_name);
        mine.max_frame = options.max_frame;
    }
    transport_context(const transport_context&) = delete;
    transport_context& operator=(const transport_context&) = delete;

    const transport_options options;
    stream_identity mine;
    known_senders senders;
    transport_statistics stats;
    base::time_point now_seen{};  ///< of the latest call from outside

    /// Of a stream, for the system: whatever is kept for it comes too late then.
    [[nodiscard]] std::chrono::milliseconds longest_silence() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(2 * options.patience());
    }
    /// A stream could not be made: `is_short`, for want of a descriptor.
    void note_shortage(bool is_short, base::time_point now) {
        if (is_short) {
            last_shortage_ = now;
        }
    }
    /// For a while after it was so, as it comes and goes with each descriptor.
    [[nodiscard]] bool is_short_of_descriptors() const {
        return last_shortage_ && now_seen - *last_shortage_ < shortage_lasts;
    }

    [[nodiscard]] bool is_sealing() const { return !mine.key.empty(); }

    void count(const stream::counters& c) {
        stats.frames_received += c.frames_in;
        stats.frames_sent += c.frames_out;
        stats.bytes_received += c.bytes_in;
        stats.bytes_sent += c.bytes_out;
        stats.reads += c.reads;
        stats.writes += c.writes;
        stats.dropped_full += c.dropped;
    }

    /// Gives a message to the driver. What `to` throws goes through try_alloc: it has half done
    /// what it does, and that is not the transport's to judge.
    void give(const sink& to, const received& what) {
        const bool outer = std::exchange(is_in_sink_, true);
        to(what);
        is_in_sink_ = outer;
    }

    /// False: memory ran out in `act`, but not in the sink.
    template <class Act>
    [[nodiscard]] bool try_alloc(Act&& act) {
        try {
            act();
            return true;
        } catch (const std::bad_alloc&) {
            if (std::exchange(is_in_sink_, false)) {
                throw;
            }
            ++stats.lacked_memory;
            return false;
        }
    }

    /// What a stranger does may cost memory and the attention of people only so often, from however
    /// many addresses it comes: one limit for each reason. `text` is made only when it is told.
    template <class Text>
    void complain_about(errc why, Text&& text) {
        if (why == errc::wrong_key) {
            ++stats.not_authentic;
        }
        auto& last = last_told_[why == errc::wrong_key ? 0 : why == errc::wrong_cluster ? 1 : 2];
        if (last && now_seen - *last < between_complaints) {
            return;
        }
        last = now_seen;
        if (complain_) {
            complain_(error{why, text()});
        }
    }

private:
    static constexpr base::duration between_complaints = std::chrono::seconds{1};
    static constexpr base::duration shortage_lasts = std::chrono::seconds{10};

    std::function<void(error)> complain_;
    // of a wrong key, a wrong cluster, another version
    std::optional<base::time_point> last_told_[3];
    bool is_in_sink_ = false;
    std::optional<base::time_point> last_shortage_;
};

}  // namespace holdfast::net
