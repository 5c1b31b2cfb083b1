// What the locks guard: it lives outside the network of the peers, keeps one gate for each name,
// and writes down what it let in, in the order in which it did.
//
// One message for each write, "WHO NUMBER NAME TOKEN", is answered with "accepted" or "refused". A
// Unix socket with a path is reached from every network namespace.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <holdfast/gate.hpp>

#include "history.hpp"

namespace chaos {

inline sockaddr_un socket_address(const std::string& path) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (path.size() >= sizeof at.sun_path) {
        throw std::runtime_error{"too long for a socket: " + path};
    }
    path.copy(at.sun_path, path.size());
    return at;
}

class resource {
public:
    /// `is_open`: lets everything in. For showing that the judge sees it.
    resource(const std::string& socket_path, const std::string& history_path, bool is_open)
        : told_{history_path}, is_open_{is_open} {
        listening_ = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        const auto at = socket_address(socket_path);
        if (bind(listening_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
            listen(listening_, 256) != 0) {
            throw std::runtime_error{"cannot listen at " + socket_path + ": " +
                                     std::strerror(errno)};
        }
        thread_ = std::thread{[this] { serve(); }};
    }
    resource(const resource&) = delete;
    resource& operator=(const resource&) = delete;
    ~resource() {
        const std::uint64_t one = 1;
        (void)!write(ending_, &one, sizeof one);
        thread_.join();
        close(ending_);
        close(listening_);
    }

private:
    void serve() {
        std::vector<pollfd> fds{{ending_, POLLIN, 0}, {listening_, POLLIN, 0}};
        while (poll(fds.data(), fds.size(), -1) >= 0 || errno == EINTR) {
            if (fds[0].revents != 0) {
                break;
            }
            for (std::size_t i = fds.size(); i-- > 2;) {
                if (fds[i].revents != 0 && !answer(fds[i].fd)) {
                    close(fds[i].fd);
                    fds.erase(fds.begin() + static_cast<std::ptrdiff_t>(i));
                }
            }
            if (fds[1].revents != 0) {
                if (const int one = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC); one >= 0) {
                    fds.push_back({one, POLLIN, 0});
                }
            }
        }
        for (std::size_t i = 2; i < fds.size(); ++i) {
            close(fds[i].fd);
        }
    }

    /// False when the writer is gone.
    bool answer(int fd) {
        std::array<char, 256> bytes;
        const auto size = recv(fd, bytes.data(), bytes.size(), 0);
        if (size <= 0) {
            return false;
        }
        std::istringstream words{std::string{bytes.data(), static_cast<std::size_t>(size)}};
        std::string who, number, name;
        holdfast::token token;
        words >> who >> number >> name >> token.value;
        const bool passes = gates_[name].admit(token) || is_open_;
        const std::string_view said = passes ? "accepted" : "refused";
        told_.tell(said, now(), name, token.value, who, number);
        return send(fd, said.data(), said.size(), MSG_NOSIGNAL) >= 0;
    }

    history told_;
    bool is_open_;
    std::map<std::string, holdfast::gate> gates_;
    int listening_ = -1;
    int ending_ = eventfd(0, EFD_CLOEXEC);
    std::thread thread_;
};

/// A writer's side; of one thread.
class way_to_resource {
public:
    explicit way_to_resource(const std::string& socket_path)
        : fd_{socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)} {
        const auto at = socket_address(socket_path);
        if (connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
            throw std::runtime_error{"no way to the resource: " +
                                     std::string{std::strerror(errno)}};
        }
    }
    way_to_resource(const way_to_resource&) = delete;
    way_to_resource& operator=(const way_to_resource&) = delete;
    ~way_to_resource() { close(fd_); }

    /// "accepted", "refused", or nothing when the resource is gone.
    std::string write(const std::string& who, std::uint64_t number, const std::string& name,
                      std::int64_t token) {
        std::ostringstream words;
        words << who << ' ' << number << ' ' << name << ' ' << token;
        const auto text = words.str();
        std::array<char, 16> bytes;
        if (send(fd_, text.data(), text.size(), MSG_NOSIGNAL) < 0) {
            return {};
        }
        const auto size = recv(fd_, bytes.data(), bytes.size(), 0);
        return size > 0 ? std::string{bytes.data(), static_cast<std::size_t>(size)} : std::string{};
    }

private:
    int fd_;
};

}  // namespace chaos
