// Which stream a message goes by, and whether what was sent before has arrived.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "net/socket.hpp"
#include "net/stream_table.hpp"

namespace holdfast::net {
namespace {

using base::time_point;
using namespace std::chrono_literals;

// at an address where another peer answers than the one meant
constexpr auto between_rechecks = 1s;
constexpr int looks_in_a_lease = 8;
constexpr std::size_t most_dropped_for = 4096;  // as many as members

}  // namespace

/// The usable stream to a peer: a proven one, because any stranger can send a hello that claims to
/// be that peer. When both ends have dialled, both choose the one that the lower PeerId dialled, so
/// that a caller that claims it to wait for an answer hears the answer there.
std::uint64_t stream_table::usable_stream(const peer_id& to) const {
    std::uint64_t any = 0;
    for (const auto& [id, s] : streams_) {
        if (s->is_proven() && s->peer() == to) {
            if (s->is_dialled() == (shared_.mine.self < to)) {
                return id;
            }
            any = any == 0 ? id : any;
        }
    }
    return any;
}

/// 0: none, and none can be made now.
std::uint64_t stream_table::stream_to(const peer_id& to, const endpoint& at, time_point now) {
    if (const auto usable = to.is_nil() ? 0 : usable_stream(to); usable != 0) {
        return usable;
    }
    stream* other = nullptr;
    std::uint64_t for_any = 0;
    // one that is being made, or for whichever peer is at that address
    for (const auto& [id, s] : streams_) {
        if (s->is_dialled() && s->at() == at) {
            const bool is_live = to.is_nil() && now - s->last_read < between_rechecks;
            if (is_live || !s->is_proven()) {
                return id;
            }
            other = s.get();
            for_any = to.is_nil() ? id : 0;
        }
    }
    if (other != nullptr) {
        // Mostly `to` is a former start of the peer there. But it may be the later one, on a host
        // that vanished without a word, and then nothing else would tell.
        if (now - other->last_recheck < between_rechecks) {
            return for_any;
        }
        other->last_recheck = now;
    }
    return dial_stream(at, now);
}

std::uint64_t stream_table::dial_stream(const endpoint& at, time_point now) {
    if (at.is_nil() || !back_off_.may_dial(at, now)) {
        return 0;
    }
    auto fd = dial(at, shared_.longest_silence());
    if (!fd) {
        shared_.note_shortage(is_shortage(errno), now);
        failed_to_connect(at, now);
        return 0;
    }
    return add(std::move(fd), at, true, now);
}

void stream_table::failed_to_connect(const endpoint& at, time_point now) {
    ++shared_.stats.connect_failures;
    back_off_.has_failed(at, now);
}

bool stream_table::has_arrived(const peer_id& to, const endpoint& at, time_point by,
                               time_point now) {
    if (const auto usable = usable_stream(to); usable != 0) {
        const auto s = streams_.at(usable);
        look_whether_stuck(*s, at, now);
        return s->has_arrived(by);
    }
    return std::none_of(streams_.begin(), streams_.end(), [&](const auto& entry) {
        const auto& s = *entry.second;
        return s.is_dialled() && !s.is_proven() && s.at() == at && s.keeps_for(to, by);
    });
}

/// LOAD-4: one that takes nothing is dialled anew beside, sooner if datagrams of its peer come.
void stream_table::look_whether_stuck(stream& s, const endpoint& at, time_point now) {
    const auto& options = shared_.options;
    if (!s.drain.is_due(options.lease / looks_in_a_lease, now)) {
        return;
    }
    s.drain.look(s.acknowledged(), s.has_drained(), now);
    const auto* sender = shared_.senders.find(s.peer());
    const bool speaks = sender != nullptr && now - sender->heard < options.lease;
    s.is_stuck = s.drain.stuck_for(now) >= (speaks ? options.lease : options.patience());
    const bool is_being_made = std::any_of(streams_.begin(), streams_.end(), [&](const auto& e) {
        return e.second->is_dialled() && !e.second->is_proven() && e.second->at() == at;
    });
    if (s.is_stuck && !is_being_made) {
        (void)dial_stream(at, now);
    }
}

void stream_table::has_dropped(const peer_id& meant_for) {
    if (meant_for.is_nil() || dropped_.contains(meant_for)) {
        return;
    }
    if (usable_stream(meant_for) != 0) {
        lost_.push_back(meant_for);  // it was kept beside that one
        return;
    }
    if (dropped_.size() >= most_dropped_for) {
        dropped_.erase(dropped_.begin());  // it is sent again when its turn comes
    }
    dropped_.insert(meant_for);
}

std::vector<peer_id> stream_table::take_lost() {
    auto out = std::exchange(lost_, {});
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

/// LOAD-4: another one to their peer is proven, so they count as lost.
void stream_table::end_stuck(std::uint64_t besides, const peer_id& peer) {
    std::vector<std::uint64_t> stuck;
    for (const auto& [id, s] : streams_) {
        if (id != besides && s->is_stuck && s->peer() == peer) {
            stuck.push_back(id);
        }
    }
    for (const auto id : stuck) {
        end(id);
    }
}

}  // namespace holdfast::net
