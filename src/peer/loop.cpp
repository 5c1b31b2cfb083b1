#include "peer/loop.hpp"

#include <system_error>
#include <utility>

#include "peer/signals.hpp"

namespace holdfast::runtime {
namespace {

void must(int status, const char* what) {
    if (status < 0) {
        throw std::system_error{-status, std::generic_category(), what};
    }
}

}  // namespace

loop::loop(int readable, int timer, int processes, handlers to) : to_{std::move(to)} {
    must(uv_loop_init(&uv_), "uv_loop_init");
    uv_.data = this;
    try {
        must(uv_async_init(&uv_, &stop_, [](uv_async_t* handle) { uv_stop(handle->loop); }),
             "uv_async_init");
        watch(readable_, readable, [](uv_poll_t* handle, int, int) {
            if (!static_cast<loop*>(handle->loop->data)->to_.on_readable()) {
                uv_stop(handle->loop);
            }
        });
        watch(timer_, timer, [](uv_poll_t* handle, int, int) {
            if (!static_cast<loop*>(handle->loop->data)->to_.on_timer()) {
                uv_stop(handle->loop);
            }
        });
        if (processes >= 0) {
            watch(processes_, processes, [](uv_poll_t* handle, int, int) {
                if (!static_cast<loop*>(handle->loop->data)->to_.on_process()) {
                    uv_stop(handle->loop);
                }
            });
        }
        const signals_blocked quiet;
        thread_ = std::thread{[this] { uv_run(&uv_, UV_RUN_DEFAULT); }};
    } catch (...) {
        close_all();
        throw;
    }
}

loop::~loop() {
    uv_async_send(&stop_);
    thread_.join();
    close_all();
}

void loop::watch(uv_poll_t& handle, int descriptor, uv_poll_cb call) {
    must(uv_poll_init(&uv_, &handle, descriptor), "uv_poll_init");
    must(uv_poll_start(&handle, UV_READABLE, call), "uv_poll_start");
}

void loop::close_all() {
    uv_walk(
        &uv_, [](uv_handle_t* handle, void*) { uv_close(handle, nullptr); }, nullptr);
    uv_run(&uv_, UV_RUN_DEFAULT);
    uv_loop_close(&uv_);
}

}  // namespace holdfast::runtime
