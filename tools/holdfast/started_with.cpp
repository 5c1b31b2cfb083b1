#include "started_with.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace holdfast_tool {

bool open_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        // the lowest number that is free is this one, because those below it are open
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            return false;
        }
    }
    return true;
}

started_with::started_with() {
    for (int one = 1; one < NSIG; ++one) {
        struct sigaction now {};
        is_ignored_[static_cast<std::size_t>(one)] =
            sigaction(one, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
    }
    sigprocmask(SIG_SETMASK, nullptr, &blocked_);
}

bool started_with::ignores(int signal_number) const {
    return is_ignored_[static_cast<std::size_t>(signal_number)];
}

void started_with::give_back() const {
    for (int one = 1; one < NSIG; ++one) {
        // refused for those that cannot be changed
        signal(one, ignores(one) ? SIG_IGN : SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &blocked_, nullptr);
}

const started_with& at_start() {
    static const started_with all;
    return all;
}

}  // namespace holdfast_tool
