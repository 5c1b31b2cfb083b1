// Waits for the end of other processes of this machine (CERT-3). Used under the driver's mutex, but
// for descriptor().
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "os/unique_fd.hpp"

namespace holdfast::runtime {

class process_watcher {
public:
    process_watcher();
    /// Readable when one of them has ended. -1: the system cannot tell.
    [[nodiscard]] int descriptor() const { return epoll_.get(); }
    /// False: it has ended already. A process that the system does not let us wait for is not
    /// watched.
    [[nodiscard]] bool watch(const peer_id& peer, const process_identity& process);
    void unwatch(const peer_id& peer);
    void clear();
    /// Those that have ended since the last call. They are watched no more.
    [[nodiscard]] std::vector<peer_id> take_ended();

private:
    struct watched {
        peer_id peer;
        os::unique_fd process;
    };

    void forget(const watched& one);

    os::unique_fd epoll_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, watched> all_;
};

}  // namespace holdfast::runtime
