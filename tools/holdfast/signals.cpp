#include "signals.hpp"

#include <signal.h>
#include <sys/signalfd.h>

namespace holdfast_tool {
namespace {

int blocked(std::initializer_list<int> which) {
    sigset_t all;
    sigemptyset(&all);
    for (const int one : which) {
        sigaddset(&all, one);
    }
    sigprocmask(SIG_BLOCK, &all, nullptr);
    return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

signals::signals(std::initializer_list<int> which) : descriptor_{blocked(which)} {}

int signals::take() const {
    signalfd_siginfo got{};
    return read(descriptor_, &got, sizeof got) == sizeof got ? static_cast<int>(got.ssi_signo) : 0;
}

}  // namespace holdfast_tool
