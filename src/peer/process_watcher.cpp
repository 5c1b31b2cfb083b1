#include "peer/process_watcher.hpp"

#include <sys/epoll.h>

#include <utility>

#include "peer/identity.hpp"

namespace holdfast::runtime {
namespace {

// Each peer watches eight at most (node/process_watch.hpp); more is not its work.
constexpr std::size_t most_watched = 64;

}  // namespace

process_watcher::process_watcher() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {}

bool process_watcher::watch(const peer_id& peer, const process_identity& process) {
    auto found = look_for(process);
    if (found.is_gone) {
        return false;
    }
    if (!found.handle || !epoll_ || all_.size() >= most_watched) {
        return true;
    }
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = ++last_;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, found.handle.get(), &wanted) == 0) {
        all_.emplace(last_, watched{peer, std::move(found.handle)});
    }
    return true;
}

/// A forked child of this program keeps the descriptor open: the set would have it still.
void process_watcher::forget(const watched& one) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, one.process.get(), nullptr);
}

void process_watcher::unwatch(const peer_id& peer) {
    std::erase_if(all_, [&](const auto& one) {
        const bool is_it = one.second.peer == peer;
        if (is_it) {
            forget(one.second);
        }
        return is_it;
    });
}

void process_watcher::clear() {
    for (const auto& [number, one] : all_) {
        forget(one);
    }
    all_.clear();
}

std::vector<peer_id> process_watcher::take_ended() {
    std::vector<peer_id> out;
    epoll_event ended[16];
    const int n = epoll_ ? ::epoll_wait(epoll_.get(), ended, 16, 0) : 0;
    for (int i = 0; i < n; ++i) {
        if (const auto at = all_.find(ended[i].data.u64); at != all_.end()) {
            out.push_back(at->second.peer);
            forget(at->second);
            all_.erase(at);
        }
    }
    return out;
}

}  // namespace holdfast::runtime
