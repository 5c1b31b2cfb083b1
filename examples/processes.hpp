// What the demonstrations share: child processes that say things, line by line.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace demonstration {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

inline const auto begun = clock_type::now();

inline void say(const std::string& line) {
    const auto t = std::chrono::duration<double>(clock_type::now() - begun).count();
    std::printf("[%7.3f s]  %s\n", t, line.c_str());
    std::fflush(stdout);
}

inline int fail(const std::string& what) {
    say("FAILED: " + what);
    return 1;
}

inline std::string seconds_since(clock_type::time_point t) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f s",
                  std::chrono::duration<double>(clock_type::now() - t).count());
    return text;
}

inline std::vector<std::string> free_addresses(std::size_t count) {
    std::vector<int> open;
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof at;
        open.push_back(socket(AF_INET, SOCK_STREAM, 0));
        bind(open.back(), reinterpret_cast<sockaddr*>(&at), sizeof at);
        getsockname(open.back(), reinterpret_cast<sockaddr*>(&at), &length);
        out.push_back("127.0.0.1:" + std::to_string(ntohs(at.sin_port)));
    }
    for (const int fd : open) {
        close(fd);
    }
    return out;
}

struct process {
    std::string name;
    pid_t id = -1;
    int input = -1;  // closed: it leaves
    int output = -1;
    std::string partial;
    bool has_ended = false;
};

inline process start(const std::string& name, const std::vector<std::string>& command) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        std::perror("pipe");
        std::exit(1);
    }
    std::vector<char*> arguments;
    for (const auto& one : command) {
        arguments.push_back(const_cast<char*>(one.c_str()));
    }
    arguments.push_back(nullptr);
    const auto id = fork();
    if (id == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    process p;
    p.name = name;
    p.id = id;
    p.input = in[1];
    p.output = out[0];
    return p;
}

class fleet {
public:
    std::vector<process> all;
    /// Of the process at that index.
    std::function<void(std::size_t, const std::string& line)> heed;

    fleet() = default;
    fleet(const fleet&) = delete;
    fleet& operator=(const fleet&) = delete;
    ~fleet() {
        for (auto& p : all) {  // only what we started, by id
            if (!p.has_ended) {
                kill(p.id, SIGKILL);
                waitpid(p.id, nullptr, 0);
            }
        }
    }

    /// Reads what they say until it is so; false after `at_most`.
    bool until(const std::function<bool()>& is_so, std::chrono::seconds at_most) {
        const auto end = clock_type::now() + at_most;
        while (!is_so()) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(end - clock_type::now());
            if (left <= 0ms) {
                return false;
            }
            std::vector<pollfd> fds;
            for (const auto& p : all) {
                fds.push_back({p.has_ended ? -1 : p.output, POLLIN, 0});
            }
            poll(fds.data(), fds.size(), static_cast<int>(left.count()));
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (fds[i].revents != 0) {
                    read_from(i);
                }
            }
        }
        return true;
    }
    [[nodiscard]] bool have_all_ended() const {
        for (const auto& p : all) {
            if (!p.has_ended) {
                return false;
            }
        }
        return true;
    }
    void let_all_leave() {
        for (auto& p : all) {
            if (!p.has_ended) {
                close(p.input);
            }
        }
    }

private:
    void read_from(std::size_t at) {
        auto& p = all[at];
        std::array<char, 4096> bytes{};
        const auto n = read(p.output, bytes.data(), bytes.size());
        if (n <= 0) {
            waitpid(p.id, nullptr, 0);
            p.has_ended = true;
            return;
        }
        p.partial.append(bytes.data(), static_cast<std::size_t>(n));
        for (std::size_t end = 0; (end = p.partial.find('\n')) != std::string::npos;
             p.partial.erase(0, end + 1)) {
            heed(at, p.partial.substr(0, end));
        }
    }
};

}  // namespace demonstration
