// The library's threads take no signals: they belong to the program's own threads.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace holdfast::runtime {

/// While it lives, threads started here begin with every signal blocked.
class signals_blocked {
public:
    signals_blocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;

private:
    sigset_t before_{};
};

}  // namespace holdfast::runtime
