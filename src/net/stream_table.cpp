#include "net/stream_table.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "net/socket.hpp"

namespace holdfast::net {
namespace {

using base::time_point;
using namespace std::chrono_literals;

constexpr auto lazy_wait = 500us;
// for a connection to be made and both ends to prove themselves
constexpr auto greeting_time = 5s;
constexpr auto message_patience = 2s;           // the protocol repeats what matters sooner
constexpr std::size_t scratch_size = 32 << 10;  // of one read, and so of one turn (LOAD-2)

constexpr std::uint32_t readable = EPOLLIN, writable = EPOLLOUT, broken = EPOLLERR | EPOLLHUP;

/// Room for one more, so that the next push_back cannot fail.
void reserve_one(std::vector<std::uint64_t>& list) {
    if (list.size() == list.capacity()) {
        list.reserve(2 * list.size() + 8);
    }
}

}  // namespace

stream_table::stream_table(transport_context& shared, poll_set& poll, std::uint64_t first)
    : shared_{shared}, poll_{poll}, last_id_{first}, scratch_(scratch_size) {
    HOLDFAST_ASSERT(first > 0);  // 0 is no stream
}

// ---- streams come and go

std::uint64_t stream_table::add(os::unique_fd fd, const endpoint& at, bool is_dialled,
                                time_point now) {
    const auto id = ++last_id_;
    const auto raw = fd.get();
    streams_.emplace(id,
                     std::make_shared<stream>(shared_.mine, std::move(fd), at, is_dialled, now));
    poll_.add(id, raw, is_dialled ? writable : readable | writable);
    return id;
}

std::uint64_t stream_table::accept(os::unique_fd fd, const endpoint& at, time_point now) {
    tune(fd.get(), shared_.longest_silence());
    base::earlier(next_tick_, now + greeting_time);
    return add(std::move(fd), at, false, now);
}

bool stream_table::dial_again(const endpoint& at, time_point now) {
    auto fd = dial(at, shared_.longest_silence());
    if (!fd) {
        const bool is_short = is_shortage(errno);
        shared_.note_shortage(is_short, now);
        return !is_short;  // it was refused: that is an answer
    }
    streams_.at(add(std::move(fd), at, true, now))->is_second = true;
    base::earlier(next_tick_, now + greeting_time);
    return true;
}

newcomers stream_table::unproven() const {
    newcomers out;
    for (const auto& [id, s] : streams_) {
        if (!s->is_dialled() && !s->is_proven()) {
            out.add(id, s->at());
        }
    }
    return out;
}

void stream_table::end(std::uint64_t id, bool has_failed) {
    const auto at = streams_.find(id);
    if (at == streams_.end()) {
        return;
    }
    const auto s = at->second;
    shared_.count(s->take_counters());
    shared_.stats.dropped_full += s->kept();
    poll_.remove(s->fd());
    s->is_ended = true;
    // wakes a caller that waits on it; the number is free only when it gave it back
    ::shutdown(s->fd(), SHUT_RDWR);
    if (s->is_claimed) {
        const auto by = std::find_if(claims_.begin(), claims_.end(),
                                     [&](const auto& c) { return c.second.id == id; });
        HOLDFAST_ASSERT(by != claims_.end());
        by->second.ended = s;
    }
    streams_.erase(at);
    std::erase(dirty_, id);
    if (s->is_dialled() && s->is_proven()) {
        reached_.lost(s->at(), s->peer());
    }
    (void)shared_.try_alloc([&] {
        if (s->is_proven()) {
            lost_.push_back(s->peer());
        }
        if (has_failed && s->is_dialled() && !s->is_proven()) {
            // also when it was refused: each message would dial again otherwise
            failed_to_connect(s->at(), shared_.now_seen);
        }
        if (s->is_proven() && s->was_ended_there() && usable_stream(s->peer()) == 0) {
            ended_.push_back(s->peer());
        }
        if (s->why_refused()) {
            shared_.complain_about(s->why_refused()->code, [&] { return s->why_refused()->text; });
        }
        for (const auto& peer : s->drop_older(time_point::max())) {
            has_dropped(peer);
        }
    });
}

void stream_table::end_all() {
    while (!streams_.empty()) {
        end(streams_.begin()->first, false);
    }
    dropped_.clear();
}

void stream_table::drop(const peer_id& peer) {
    std::vector<std::uint64_t> theirs;
    for (const auto& [id, s] : streams_) {
        if (s->peer() == peer) {
            theirs.push_back(id);
        }
    }
    for (const auto id : theirs) {
        end(id);
    }
    dropped_.erase(peer);
}

void stream_table::count_all() {
    for (const auto& [id, s] : streams_) {
        shared_.count(s->take_counters());
    }
}

void stream_table::tick(time_point now) {
    if (!base::is_due(next_tick_, now)) {
        return;
    }
    next_tick_.reset();
    std::vector<std::uint64_t> late;
    for (const auto& entry : streams_) {
        const auto& s = entry.second;
        if (s->is_proven()) {
            continue;
        }
        if (now - s->began() >= greeting_time) {
            late.push_back(entry.first);
            continue;
        }
        (void)shared_.try_alloc([&] {
            for (const auto& peer : s->drop_older(now - message_patience)) {
                ++shared_.stats.dropped_full;
                has_dropped(peer);
            }
        });
        base::earlier(next_tick_, std::min(s->began() + greeting_time, now + message_patience));
    }
    for (const auto id : late) {
        end(id);
    }
}

// ---- writing

void stream_table::send(const peer_id& to, const endpoint& at, bool is_lazy,
                        std::span<const std::byte> bytes, time_point now) {
    const auto id = stream_to(to, at, now);
    if (id == 0) {
        ++shared_.stats.dropped_full;
        has_dropped(to);
        return;
    }
    auto& s = *streams_.at(id);
    if (bytes.size() > shared_.options.max_frame ||
        s.queued() + bytes.size() > shared_.options.max_queued ||
        s.would_keep_too_much(bytes.size())) {
        ++shared_.stats.dropped_full;
        if (!s.is_proven()) {
            has_dropped(to);
        }
        return;
    }
    reserve_one(dirty_);  // the append is the last that may fail
    reserve_one(to_write_);
    s.append(to, bytes, now);
    if (s.is_proven() && !to.is_nil()) {
        look_whether_stuck(s, at, now);
    }
    if (!s.is_proven()) {
        base::earlier(next_tick_, now + message_patience);
        return;
    }
    if (is_lazy) {
        base::earlier(lazy_until_, now + lazy_wait);
    }
    if (is_lazy || is_corked_) {
        if (!s.is_dirty) {
            s.is_dirty = true;
            dirty_.push_back(id);
        }
        if (!is_lazy && is_corked_) {
            to_write_.push_back(id);
        }
        return;
    }
    write(id);
}

void stream_table::write(std::uint64_t id) {
    const auto at = streams_.find(id);
    if (at == streams_.end() || !at->second->has_output()) {
        return;
    }
    const auto s = at->second;
    if (!s->write()) {
        end(id);
        return;
    }
    std::erase(dirty_, id);
    if (s->has_output() != s->is_watched_for_output) {
        rewatch(id, *s);
    }
}

void stream_table::uncork() {
    is_corked_ = false;
    for (const auto id : std::exchange(to_write_, {})) {
        write(id);
    }
}

void stream_table::flush() {
    lazy_until_.reset();
    for (const auto id : std::exchange(dirty_, {})) {
        write(id);
    }
}

// ---- reading

void stream_table::rewatch(std::uint64_t id, stream& s) {
    s.is_watched_for_output = s.is_connecting() || s.has_output();
    poll_.change(id, s.fd(),
                 (s.is_claimed ? 0U : readable) | (s.is_watched_for_output ? writable : 0U));
}

void stream_table::on_event(std::uint64_t id, std::uint32_t events, const sink& to) {
    const auto at = streams_.find(id);
    if (at == streams_.end()) {
        return;  // ended by an event before this one
    }
    const auto s = at->second;
    if (s->is_connecting()) {
        if ((events & (writable | broken)) != 0) {
            on_connected(id, *s);
        }
        return;
    }
    if ((events & writable) != 0) {
        write(id);
        if (!s->is_ended && s->is_watched_for_output != s->has_output()) {
            rewatch(id, *s);
        }
    }
    if (s->is_claimed) {
        if ((events & broken) != 0) {
            end(id);
        }
    } else if ((events & (readable | broken)) != 0) {
        read_stream(id, to);
    }
}

void stream_table::on_connected(std::uint64_t id, stream& s) {
    bool is_connected = false;
    if (!shared_.try_alloc([&] { is_connected = s.connected(); }) || !is_connected) {
        end(id);
        return;
    }
    rewatch(id, s);
    write(id);
}

void stream_table::read_stream(std::uint64_t id, const sink& to) {
    if (!shared_.try_alloc([&] { read_once(id, to); })) {
        end(id);  // a peer that needs it dials again
    }
}

void stream_table::read_once(std::uint64_t id, const sink& to) {
    const auto at = streams_.find(id);
    if (at == streams_.end()) {
        return;
    }
    const auto s = at->second;
    const bool was_greeted = s->is_greeted();
    const bool was_proven = s->is_proven();
    const bool goes_on = s->read(scratch_, [&](std::span<const std::byte> message) {
        if (!s->is_ended) {
            shared_.give(to,
                         {s->peer(), {{}, reached_.address_of(s->peer()), s->segment()}, message});
        }
    });
    if (s->is_ended) {
        return;
    }
    if (!was_greeted && s->is_greeted()) {
        if (s->peer() == shared_.mine.self) {
            end(id);  // we reached ourselves
            return;
        }
        if (is_redundant(*s)) {
            end(id, false);
            return;
        }
    }
    s->last_read = shared_.now_seen;
    if (s->is_proven() && s->has_part() &&
        (partly_read_.empty() || partly_read_.back() != s->peer())) {
        partly_read_.push_back(s->peer());
    }
    if (!was_proven && s->is_proven()) {
        has_proven(id, *s);
    }
    if (!goes_on) {
        end(id);
        return;
    }
    shared_.count(s->take_counters());
    if (was_greeted != s->is_greeted() || was_proven != s->is_proven()) {
        write(id);  // our proof, or what was kept for this peer
    }
}

void stream_table::has_proven(std::uint64_t id, stream& s) {
    if (const auto& before = s.datagrams_before()) {
        shared_.senders.has_proven(s.peer(), *before);
    }
    end_stuck(id, s.peer());
    if (dropped_.erase(s.peer()) > 0) {
        lost_.push_back(s.peer());
    }
    if (s.is_dialled()) {
        back_off_.has_succeeded(s.at());
        s.last_recheck = shared_.now_seen;
        end_others_at(id, s);
        reached_.reached(s.at(), s.peer());
    }
    if (comes_from_two_hosts(s)) {
        of_two_hosts_.push_back(s.peer());
    }
    if (s.is_second) {
        end_others_to(id, s);
    }
}

/// It was dialled to see which peer is at the address of another stream, and it is still the same.
bool stream_table::is_redundant(const stream& s) const {
    return s.is_dialled() && !s.is_second &&
           std::any_of(streams_.begin(), streams_.end(), [&](const auto& entry) {
               const auto& one = *entry.second;
               return &one != &s && one.is_dialled() && one.is_proven() && one.at() == s.at() &&
                      one.peer() == s.peer() && !one.is_stuck;
           });
}

/// Another peer is proven at that address, so the one that was there before is gone.
void stream_table::end_others_at(std::uint64_t id, const stream& s) {
    std::vector<std::uint64_t> gone;
    for (const auto& [other, one] : streams_) {
        if (other != id && one->is_dialled() && one->is_proven() && one->at() == s.at()) {
            gone.push_back(other);
        }
    }
    for (const auto other : gone) {
        end(other);
    }
}

/// LEASE-8: nothing came by them, and this one was dialled to see whether it does better. What was
/// made since then stays: when both ends dial, each would end what the other has dialled.
void stream_table::end_others_to(std::uint64_t id, const stream& s) {
    std::vector<std::uint64_t> others;
    for (const auto& [other, one] : streams_) {
        if (other < id && one->is_proven() && one->peer() == s.peer()) {
            others.push_back(other);
        }
    }
    for (const auto other : others) {
        end(other, false);
    }
}

}  // namespace holdfast::net
