// The thread of a peer: waits in one libuv loop for the transport to be readable and for the timer.
#pragma once

#include <uv.h>

#include <functional>
#include <thread>

namespace holdfast::runtime {

class loop {
public:
    /// Both are called on the loop's thread. False: it ends.
    struct handlers {
        std::function<bool()> on_readable;
        std::function<bool()> on_timer;
    };

    /// The descriptors must live as long as the loop. Throws std::system_error.
    loop(int readable, int timer, handlers to);
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
    uv_async_t stop_{};
    std::thread thread_;
};

}  // namespace holdfast::runtime
