// The members' side of leases: until when this peer may act (LEASE-2, LEASE-5, LEASE-9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "lease/messages.hpp"

namespace holdfast::lease {

/// LEASE-2: `q + A * (1 - drift)`, q being the Q-th largest `sent_at` among the voters that acked;
/// nothing while fewer than Q did.
[[nodiscard]] std::optional<base::right_time> lease_end(std::vector<base::right_time> sent_at,
                                                        std::size_t quorum, base::duration lease,
                                                        double clock_drift);

/// NOW-2: from the sending of a request to the end that it gives, all is counted as rights are.
/// When to ask again is a wait.
class renewal {
public:
    struct send {
        peer_id to;
        renew_request what;
        bool by_stream = false;
    };

    /// `seed`: which voter has a renewal by stream first (LEASE-8).
    renewal(const base::settings& settings, std::uint64_t seed)
        : settings_{settings}, asked_{seed % asks_in_a_lease} {}

    void installed(const view& now_installed, base::moment now);
    void handle(const peer_id& from, const ack& answer, base::moment now, bool by_stream = false);
    void tick(base::moment now);
    /// LEASE-8: too few voters are not mute to renew the lease. What goes by stream still goes
    /// until it ends, for an ack would show that they are mute no more; then nothing is asked.
    void set_muted(bool is_muted) { is_muted_ = is_muted; }
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<send> next() { return out_.next(); }

    /// The lease is running at `now`. An end once passed is noticed by the node before it handles
    /// anything else (LEASE-5), so that a lease that returns brings back no hold.
    [[nodiscard]] bool is_running(base::right_time now) const { return end_ && now < *end_; }
    [[nodiscard]] std::optional<base::right_time> end() const { return end_; }
    /// Less than two renewal periods are left.
    [[nodiscard]] base::right_time at_risk_from() const { return *end_ - settings_.lease * 2 / 5; }
    /// NET-4: that voter acks by stream, and for A no datagram of it came.
    [[nodiscard]] bool hears_streams_only(const peer_id& voter, base::time_point now) const;
    /// The lease ends now and is not asked for again (LEAVE-1, VIEW-4).
    void stop();
    void invariants() const;

private:
    static constexpr int asks_in_a_lease = 5;

    void ask(base::moment now);
    void repeat(base::moment now);
    void repeat_again(base::time_point now);
    [[nodiscard]] bool has_acked(const peer_id& voter) const;
    [[nodiscard]] bool is_heard(const peer_id& voter, base::time_point now) const;
    void check_end(base::right_time end) const;

    const base::settings& settings_;
    bool is_stopped_ = false;
    bool is_muted_ = false;
    view_number seats_;
    std::vector<peer_id> voters_;
    std::size_t seat_count_ = 0;
    std::size_t quorum_ = 0;
    // newest sent_at each voter acked, under the present seats only
    std::map<peer_id, base::right_time> acked_;
    view_number acked_under_;  // the seats that the last of them named
    std::optional<base::right_time> end_;
    std::optional<base::right_time> last_sent_;
    std::uint64_t asked_;  // how often, from the seed on
    std::optional<base::time_point> next_ask_;
    // LEASE-9: what was asked last, and when those that have not acked it are asked again
    std::optional<base::right_time> round_;
    base::duration repeat_after_{};
    std::optional<base::time_point> next_repeat_;
    std::map<peer_id, base::time_point> heard_;  // each voter: its last ack, or when it was seated
    std::map<peer_id, base::time_point> by_datagram_;  // those acks alone
    base::outbox<send> out_;
};

}  // namespace holdfast::lease
