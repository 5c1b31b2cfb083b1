// A real process under a test: started by path, told and heard line by line, ended by its id and
// not that of others.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace test_support {

using steady = std::chrono::steady_clock;

/// A line that a child printed, and when it was read.
struct line {
    std::string text;
    steady::time_point at;
};

class child {
public:
    explicit child(const std::vector<std::string>& command) {
        std::array<int, 2> in{}, out{};
        if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error{"pipe"};
        }
        std::vector<char*> arguments;
        for (const auto& one : command) {
            arguments.push_back(const_cast<char*>(one.c_str()));
        }
        arguments.push_back(nullptr);
        id_ = fork();
        if (id_ == 0) {
            dup2(in[0], STDIN_FILENO);
            dup2(out[1], STDOUT_FILENO);
            execv(arguments[0], arguments.data());
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        input_ = in[1];
        output_ = out[0];
    }
    child(child&& other) noexcept
        : id_{std::exchange(other.id_, -1)},
          input_{std::exchange(other.input_, -1)},
          output_{std::exchange(other.output_, -1)},
          partial_{std::move(other.partial_)},
          unread_{std::move(other.unread_)},
          status_{other.status_} {}
    child& operator=(child&&) = delete;
    ~child() {
        if (id_ > 0 && !status_) {
            kill(SIGKILL);
            (void)wait();
        }
        end_input();
        if (output_ >= 0) {
            close(output_);
        }
    }

    [[nodiscard]] pid_t id() const { return id_; }
    void kill(int signal_number) const {
        if (id_ > 0 && !status_) {
            ::kill(id_, signal_number);
        }
    }
    void say(const std::string& text) const {
        const auto bytes = text + "\n";
        if (write(input_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
            throw std::runtime_error{"the child does not listen: " + text};
        }
    }
    void end_input() {
        if (input_ >= 0) {
            close(std::exchange(input_, -1));
        }
    }

    /// The first line not yet taken that begins so; others stay. Nothing when none came `within`.
    std::optional<line> expect(const std::string& beginning,
                               std::chrono::milliseconds within = std::chrono::seconds{20}) {
        const auto until = steady::now() + within;
        for (std::size_t looked_at = 0;;) {
            for (; looked_at < unread_.size(); ++looked_at) {
                if (unread_[looked_at].text.starts_with(beginning)) {
                    auto found = unread_[looked_at];
                    unread_.erase(unread_.begin() + static_cast<std::ptrdiff_t>(looked_at));
                    return found;
                }
            }
            if (!read_more(until)) {
                return std::nullopt;
            }
        }
    }
    /// Everything it printed that was not taken, as far as it is here now.
    std::vector<line> all_unread() {
        while (read_more(steady::now())) {
        }
        return {unread_.begin(), unread_.end()};
    }
    /// Waits until its output ends (it and all that share the pipe are gone); the moment of that.
    std::optional<steady::time_point> output_ends(std::chrono::milliseconds within) {
        const auto until = steady::now() + within;
        while (read_more(until)) {
        }
        return output_ < 0 ? std::optional{ended_at_} : std::nullopt;
    }
    /// Waits for its end: its exit code, or minus the signal that ended it. One that does not end
    /// is a failure.
    int wait(std::chrono::seconds within = std::chrono::seconds{60}) {
        if (!status_) {
            pollfd ended{static_cast<int>(syscall(SYS_pidfd_open, id_, 0)), POLLIN, 0};
            const auto count =
                poll(&ended, 1, static_cast<int>(std::chrono::milliseconds{within}.count()));
            close(ended.fd);
            if (count <= 0) {
                throw std::runtime_error{"a child does not end"};
            }
            int status = 0;
            while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
            }
            status_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
        }
        return *status_;
    }

private:
    /// False when nothing came until then, or the output has ended.
    bool read_more(steady::time_point until) {
        if (output_ < 0) {
            return false;
        }
        pollfd fd{output_, POLLIN, 0};
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - steady::now()).count();
        if (poll(&fd, 1, static_cast<int>(left > 0 ? left : 0)) <= 0) {
            return false;
        }
        std::array<char, 4096> bytes{};
        const auto n = read(output_, bytes.data(), bytes.size());
        if (n <= 0) {
            ended_at_ = steady::now();
            close(std::exchange(output_, -1));
            return false;
        }
        partial_.append(bytes.data(), static_cast<std::size_t>(n));
        for (std::size_t end = 0; (end = partial_.find('\n')) != std::string::npos;
             partial_.erase(0, end + 1)) {
            unread_.push_back({partial_.substr(0, end), steady::now()});
        }
        return true;
    }

    pid_t id_ = -1;
    int input_ = -1;
    int output_ = -1;
    std::string partial_;
    std::deque<line> unread_;
    std::optional<int> status_;
    steady::time_point ended_at_{};
};

}  // namespace test_support
