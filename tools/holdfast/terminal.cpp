#include "terminal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace holdfast_tool {
namespace {

bool is_pipe(int fd) {
    struct stat what {};
    return fstat(fd, &what) == 0 && S_ISFIFO(what.st_mode);
}

}  // namespace

terminal::terminal(pid_t job)
    : descriptor_{open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)},
      job_{job},
      is_shared_{is_pipe(STDIN_FILENO) || is_pipe(STDOUT_FILENO)} {}

bool terminal::hand_to(pid_t group) {
    const bool is_given =
        is_there() && tcgetpgrp(descriptor_) == job_ && tcsetpgrp(descriptor_, group) == 0;
    is_handed_over_ = is_handed_over_ || is_given;
    return is_given;
}

void terminal::take_back(pid_t from) {
    if (is_handed_over_ && tcgetpgrp(descriptor_) == from) {
        tcsetpgrp(descriptor_, job_);
    }
    is_handed_over_ = false;
}

void terminal::take_back() {
    if (is_handed_over_) {
        tcsetpgrp(descriptor_, job_);
    }
    is_handed_over_ = false;
}

}  // namespace holdfast_tool
