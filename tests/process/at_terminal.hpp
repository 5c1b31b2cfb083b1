// A program at a terminal of its own: what it shows, and the keys that are pressed.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "child.hpp"

namespace process_tests {

class at_terminal {
public:
    explicit at_terminal(const std::vector<std::string>& command) {
        std::vector<char*> arguments;
        for (const auto& one : command) {
            arguments.push_back(const_cast<char*>(one.c_str()));
        }
        arguments.push_back(nullptr);
        id_ = forkpty(&keys_, nullptr, nullptr, nullptr);
        if (id_ == 0) {
            execv(arguments[0], arguments.data());
            _exit(127);
        }
        fcntl(keys_, F_SETFD, FD_CLOEXEC);
    }
    ~at_terminal() {
        if (!has_ended_) {
            kill(id_, SIGKILL);
            (void)waitpid(id_, nullptr, 0);
        }
        close(keys_);
    }
    at_terminal(const at_terminal&) = delete;
    at_terminal& operator=(const at_terminal&) = delete;

    [[nodiscard]] pid_t id() const { return id_; }
    void press(const std::string& keys) const { (void)!write(keys_, keys.data(), keys.size()); }
    /// Until `text` has been shown since the last that was awaited.
    bool shows(const std::string& text, std::chrono::seconds within = std::chrono::seconds{20}) {
        const auto until = test_support::steady::now() + within;
        for (;;) {
            if (const auto at = shown_.find(text); at != std::string::npos) {
                shown_.erase(0, at + text.size());
                return true;
            }
            pollfd fd{keys_, POLLIN, 0};
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(until - test_support::steady::now());
            if (left.count() <= 0 || poll(&fd, 1, static_cast<int>(left.count())) <= 0) {
                return false;
            }
            std::array<char, 4096> bytes{};
            const auto n = read(keys_, bytes.data(), bytes.size());
            if (n <= 0) {
                return false;  // no process has the terminal any more
            }
            shown_.append(bytes.data(), static_cast<std::size_t>(n));
        }
    }
    /// What was shown and not awaited.
    [[nodiscard]] const std::string& rest() const { return shown_; }
    /// As `child::wait`; -1000 for one that does not end.
    int wait(std::chrono::seconds within = std::chrono::seconds{20}) {
        pollfd ended{static_cast<int>(syscall(SYS_pidfd_open, id_, 0)), POLLIN, 0};
        const auto count =
            poll(&ended, 1, static_cast<int>(std::chrono::milliseconds{within}.count()));
        close(ended.fd);
        if (count <= 0) {
            return -1000;
        }
        int status = 0;
        while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
        }
        has_ended_ = true;
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    pid_t id_ = -1;
    int keys_ = -1;
    bool has_ended_ = false;
    std::string shown_;
};

}  // namespace process_tests
