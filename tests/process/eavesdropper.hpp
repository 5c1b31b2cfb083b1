// A stranger without the key between one process and all others: it passes everything on, keeps
// what came as datagrams, and can send it again, to any process.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace process_tests {

class eavesdropper {
public:
    /// Others reach it at `here`, and through it the process that listens at `behind`.
    eavesdropper(const std::string& here, const std::string& behind)
        : behind_{address_of(behind)},
          udp_{open_at(address_of(here), SOCK_DGRAM)},
          listener_{open_at(address_of(here), SOCK_STREAM)},
          relays_{[this](const std::stop_token& stop) { relay(stop); }} {}
    ~eavesdropper() {
        relays_ = {};
        close(udp_);
        close(listener_);
    }
    eavesdropper(const eavesdropper&) = delete;
    eavesdropper& operator=(const eavesdropper&) = delete;

    [[nodiscard]] std::vector<std::string> recorded() {
        const std::lock_guard guard{mutex_};
        return recorded_;
    }
    void send(const std::string& packet, const std::string& to) const {
        const auto at = address_of(to);
        sendto(udp_, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&at),
               sizeof at);
    }

private:
    static sockaddr_in address_of(const std::string& text) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        const auto colon = text.find(':');
        inet_pton(AF_INET, text.substr(0, colon).c_str(), &at.sin_addr);
        at.sin_port = htons(static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1))));
        return at;
    }
    static int open_at(const sockaddr_in& at, int type) {
        const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
        const int yes = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
            (type == SOCK_STREAM && listen(fd, 64) != 0)) {
            throw std::runtime_error{"an address is not free"};
        }
        return fd;
    }

    struct relayed {
        int from, to;
    };

    void relay(const std::stop_token& stop) {
        std::list<relayed> streams;  // two of each connection
        while (!stop.stop_requested()) {
            std::vector<pollfd> fds{{udp_, POLLIN, 0}, {listener_, POLLIN, 0}};
            for (const auto& s : streams) {
                fds.push_back({s.from, POLLIN, 0});
            }
            if (poll(fds.data(), fds.size(), 20) <= 0) {
                continue;
            }
            if (fds[0].revents != 0) {
                pass_on_datagram();
            }
            std::size_t i = 2;
            for (auto s = streams.begin(); i < fds.size(); ++i) {
                const bool has_ended = fds[i].revents != 0 && !pass_on(*s);
                const int gone = s->from;
                ++s;
                if (has_ended) {
                    shutdown(gone, SHUT_RDWR);
                    std::erase_if(ended_, [&](int fd) { return fd == gone; });
                    ended_.push_back(gone);
                }
            }
            drop_ended(streams);
            if (fds[1].revents != 0) {
                take_connection(streams);
            }
        }
        for (const auto& s : streams) {
            close(s.from);
        }
    }
    void pass_on_datagram() {
        std::array<char, 2048> bytes{};
        const auto n = recv(udp_, bytes.data(), bytes.size(), 0);
        if (n <= 0) {
            return;
        }
        sendto(udp_, bytes.data(), static_cast<std::size_t>(n), 0,
               reinterpret_cast<const sockaddr*>(&behind_), sizeof behind_);
        const std::lock_guard guard{mutex_};
        recorded_.emplace_back(bytes.data(), static_cast<std::size_t>(n));
    }
    /// False: that end has closed it, or the other takes no more.
    static bool pass_on(const relayed& s) {
        std::array<char, 65536> bytes{};
        const auto n = recv(s.from, bytes.data(), bytes.size(), 0);
        for (ssize_t done = 0; done < n;) {
            const auto more =
                ::send(s.to, bytes.data() + done, static_cast<std::size_t>(n - done), MSG_NOSIGNAL);
            if (more <= 0) {
                return false;
            }
            done += more;
        }
        return n > 0;
    }
    void take_connection(std::list<relayed>& streams) const {
        const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const int onward = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(onward, reinterpret_cast<const sockaddr*>(&behind_), sizeof behind_) != 0) {
            close(fd);
            close(onward);
            return;
        }
        streams.push_back({fd, onward});
        streams.push_back({onward, fd});
    }
    /// Both ends of what has ended at one.
    void drop_ended(std::list<relayed>& streams) {
        for (const int gone : std::exchange(ended_, {})) {
            std::erase_if(streams, [&](const relayed& s) {
                if (s.from != gone && s.to != gone) {
                    return false;
                }
                close(s.from);
                return true;
            });
        }
    }

    sockaddr_in behind_;
    int udp_, listener_;
    std::vector<int> ended_;
    std::mutex mutex_;
    std::vector<std::string> recorded_;
    std::jthread relays_;
};

}  // namespace process_tests
