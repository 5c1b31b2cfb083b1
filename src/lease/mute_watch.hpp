// Which of those with whom this peer has leases are mute to it: their datagrams pass, and nothing
// of them comes by a stream (LEASE-8).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::lease {

/// Watches the voters, and if this peer is one, all members. Time counts as silent only while
/// datagrams about leases come, for then renewals or acks by stream are due as well, and only as
/// far as all that had come was read. So who is away, or is not asked, or waits unread at a busy
/// peer, is not found mute.
class mute_watch {
public:
    /// A second stream is wanted. If one could be made, dialled_again() is called.
    struct dial_again {
        peer_id peer;
    };
    /// It is mute from now on, until something of it comes by a stream.
    struct found_mute {
        peer_id peer;
    };
    using output = std::variant<dial_again, found_mute>;

    mute_watch(const base::settings& settings, const peer_id& self)
        : settings_{settings}, self_{self} {}

    /// Begins anew with those that are seated or installed by it, and with all if this peer is.
    void installed(const view& now_installed, base::time_point now);
    void came_by_stream(const peer_id& from, base::time_point now);
    /// A message about a lease.
    void came_by_datagram(const peer_id& from, base::time_point now);
    /// All was read that had come by `until`.
    void has_read_all(base::time_point until) { read_until_ = until; }
    void dialled_again(const peer_id& peer);
    /// This peer has no descriptor for a stream: its own silence is no other's fault.
    void set_lacking_descriptors(bool is_lacking, base::time_point now);
    [[nodiscard]] bool is_lacking_descriptors() const { return is_lacking_; }
    /// That voter lacks them, by its own word.
    void waived_by(const peer_id& voter, base::time_point now);
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }

    /// As many voters as make a quorum are not mute, this peer counted.
    [[nodiscard]] bool hears_quorum() const { return mute_voters_ + quorum_ <= filled_seats_; }
    [[nodiscard]] std::vector<peer_id> mute_voters() const;
    /// A voter's rule: it does not ack this member.
    [[nodiscard]] bool is_refused(const peer_id& member, base::time_point now) const;
    void invariants() const;

private:
    struct record {
        bool is_voter = false;
        base::time_point last_datagram{};
        base::time_point counted_to{};
        base::duration silent{};
        base::duration dial_at{};  // of what is silent
        std::optional<base::duration> dialled_at;
        std::optional<base::time_point> mute_since;
        base::time_point redial{};
    };

    /// For so long it must be silent.
    [[nodiscard]] base::duration patience() const;
    [[nodiscard]] record fresh(bool is_voter, base::time_point now) const;
    void begin_anew(record& r, base::time_point now);
    void count(base::time_point now);

    const base::settings& settings_;
    peer_id self_;
    bool is_seated_ = false;
    std::size_t quorum_ = 0;
    std::size_t filled_seats_ = 0;
    std::size_t mute_voters_ = 0;
    std::map<peer_id, record> records_;
    base::time_point read_until_{};
    bool is_lacking_ = false;
    std::optional<base::time_point> next_dial_;    // to one that is mute
    std::optional<base::time_point> quiet_until_;  // without a quorum that is heard
    base::outbox<output> out_;
};

}  // namespace holdfast::lease
