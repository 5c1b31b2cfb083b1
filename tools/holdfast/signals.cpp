#include "signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include "started_with.hpp"

namespace holdfast_tool {
namespace {

template <class IsTaken>
sigset_t those(std::initializer_list<int> which, const IsTaken& is_taken) {
    sigset_t all;
    sigemptyset(&all);
    for (const int one : which) {
        if (is_taken(one)) {
            sigaddset(&all, one);
        }
    }
    return all;
}

int blocked(const sigset_t& which) {
    sigprocmask(SIG_BLOCK, &which, nullptr);
    return signalfd(-1, &which, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

signals::signals(const sigset_t& which) : which_{which}, descriptor_{blocked(which)} {}

signals::signals(std::initializer_list<int> which)
    : signals{those(which, [](int one) { return one != SIGHUP || !at_start().ignores(one); })} {}

signals signals::for_command(std::initializer_list<int> which) {
    return signals{
        those(which, [](int one) { return one == SIGTERM || !at_start().ignores(one); })};
}

int signals::take() const {
    signalfd_siginfo got{};
    return read(descriptor_, &got, sizeof got) == sizeof got ? static_cast<int>(got.ssi_signo) : 0;
}

void signals::end_at_the_next() const {
    for (int one = 1; one < NSIG; ++one) {
        if (sigismember(&which_, one) == 1) {
            // A handler, because the first process of a container has no default action.
            signal(one, [](int signal_number) { _exit(128 + signal_number); });
        }
    }
    sigprocmask(SIG_UNBLOCK, &which_, nullptr);
}

}  // namespace holdfast_tool
