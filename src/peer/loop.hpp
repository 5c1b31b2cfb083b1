// The thread of a peer: waits in one libuv loop for the transport to be readable, for the timer,
// and for processes that end.
#pragma once

#include <uv.h>

#include <functional>
#include <thread>

namespace holdfast::runtime {

class loop {
public:
    /// They are called on the loop's thread. False: it ends.
    struct handlers {
        std::function<bool()> on_readable;
        std::function<bool()> on_timer;
        std::function<bool()> on_process;
    };

    /// The descriptors must live as long as the loop. Throws std::system_error.
    /// `processes` may be -1.
    loop(int readable, int timer, int processes, handlers to);
    ~loop();  ///< stops it and waits for its thread
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

private:
    void watch(uv_poll_t& handle, int descriptor, uv_poll_cb call);
    void close_all();

    handlers to_;
    uv_loop_t uv_{};
    uv_poll_t readable_{};
    uv_poll_t timer_{};
    uv_poll_t processes_{};
    uv_async_t stop_{};
    std::thread thread_;
};

}  // namespace holdfast::runtime
