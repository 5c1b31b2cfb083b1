#include "control.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "failure.hpp"

namespace holdfast_tool {
namespace {

using nlohmann::json;

constexpr std::size_t max_clients = 32;
constexpr std::size_t max_question = 65536;
constexpr timeval patience_to_hear{2, 0};
constexpr timeval patience_to_tell{30, 0};  // a pager may stop reading for a while

struct address {
    explicit address(const std::string& path) {
        if (path.size() >= sizeof un.sun_path) {
            throw failure{"usage", "--control: the path is too long for a socket"};
        }
        std::memcpy(un.sun_path, path.c_str(), path.size());
    }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&un); }

    sockaddr_un un{AF_UNIX, {}};
};

failure refused(const std::string& path) {
    return {"io_error", "--control " + path + ": " + std::strerror(errno)};
}

/// False when the other side is gone, or has read nothing for too long.
bool send_line(int to, std::string line) {
    line += '\n';
    for (std::size_t sent = 0; sent < line.size();) {
        const auto n = send(to, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        sent += static_cast<std::size_t>(n);
    }
    return true;
}

bool send_line(int to, const json& line) { return send_line(to, text_of(line)); }

class lines_from {
public:
    explicit lines_from(int fd, std::size_t limit = std::string::npos) : fd_{fd}, limit_{limit} {}

    /// Nothing at the end, after an error, and for a line that is too long.
    std::optional<std::string> next() {
        char bytes[4096];
        std::size_t end = unread_.find('\n');
        while (end == std::string::npos) {
            const auto n = recv(fd_, bytes, sizeof bytes, 0);
            if (n <= 0 || unread_.size() > limit_) {
                return std::nullopt;
            }
            unread_.append(bytes, static_cast<std::size_t>(n));
            end = unread_.find('\n', unread_.size() - static_cast<std::size_t>(n));
        }
        auto line = unread_.substr(0, end);
        unread_.erase(0, end + 1);
        return line;
    }

private:
    int fd_;
    std::size_t limit_;
    std::string unread_;
};

/// Not blocking: a full queue is that of a living agent. So is a socket that is not ours to use.
bool is_left_behind(const address& at) {
    const descriptor trial{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    return connect(trial, at.get(), sizeof at.un) != 0 && errno == ECONNREFUSED;
}

int listen_at(const std::string& path) {
    const address at{path};
    struct stat there {};
    if (lstat(path.c_str(), &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) {
            throw failure{"address_in_use",
                          "--control " + path + ": a file that is no socket is in the way"};
        }
        if (!is_left_behind(at)) {
            throw failure{"address_in_use", "--control " + path + ": another agent answers there"};
        }
        unlink(path.c_str());
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // The mode before the name: there is no moment in which others could connect.
    if (fchmod(fd, 0600) != 0 || bind(fd, at.get(), sizeof at.un) != 0 ||
        listen(fd, max_clients) != 0) {
        const auto why = refused(path);
        close(fd);
        throw why;
    }
    return fd;
}

}  // namespace

void ask_agent(const std::string& path, const json& asked, const listener& to) {
    const address at{path};
    std::string line;
    try {
        line = asked.dump();
    } catch (const json::type_error&) {
        throw failure{"usage", "an agent can be asked for names in UTF-8 only"};
    }
    const descriptor connection{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (connect(connection, at.get(), sizeof at.un) != 0) {
        throw failure{"no_agent", "no agent answers at " + path + ": " + std::strerror(errno)};
    }
    const std::stop_callback hang_up{to.stop, [&] { shutdown(connection, SHUT_RDWR); }};
    // fails where the agent has too many clients; it has said so then
    send_line(connection, std::move(line));
    lines_from answers{connection};
    while (const auto next = answers.next()) {
        const auto got = json::parse(*next);
        if (got.contains("end")) {
            return;
        }
        if (got.contains("error")) {
            throw failure{got.at("code").get<std::string>(), got["error"].get<std::string>()};
        }
        to.tell(got.at("answer"));
    }
    if (!to.stop.stop_requested()) {
        throw failure{"no_agent", "the agent at " + path + " ended before its answer did"};
    }
}

control_socket::control_socket(std::string path)
    : path_{std::move(path)}, listener_{listen_at(path_)} {}

control_socket::~control_socket() {
    unlink(path_.c_str());  // before it is closed: afterwards it could be another agent's
}

control_server::control_server(const control_socket& at, const holdfast::peer& with)
    : at_{at},
      with_{with},
      woken_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)},
      thread_{[this](const std::stop_token& stop) { serve(stop); }} {}

control_server::~control_server() {
    thread_.request_stop();
    wake();
    thread_.join();
}

void control_server::wake() const { eventfd_write(woken_, 1); }

void control_server::serve(const std::stop_token& stop) {
    bool can_accept = true;
    while (!stop.stop_requested()) {
        std::vector<pollfd> fds{{woken_, POLLIN, 0}, {can_accept ? at_.listener() : -1, POLLIN, 0}};
        for (const auto& c : clients_) {
            // no events: a client may end its half and still listen
            fds.push_back({c.has_hung_up ? -1 : int{c.connection}, 0, 0});
        }
        poll(fds.data(), fds.size(), can_accept ? -1 : 100);
        eventfd_t ignored = 0;
        eventfd_read(woken_, &ignored);
        auto fd = fds.begin() + 2;
        for (auto& c : clients_) {
            if ((fd++)->revents != 0) {
                c.has_hung_up = true;
                c.thread.request_stop();
            }
        }
        clients_.remove_if([](const client& c) { return c.is_done.load(); });
        // Without a descriptor left for it, a client stays where it is for a while.
        can_accept = fds[1].revents == 0 || accept_one();
    }
    for (auto& c : clients_) {
        c.thread.request_stop();
        shutdown(c.connection, SHUT_RDWR);  // whatever it waits for
    }
    clients_.clear();
}

bool control_server::accept_one() {
    const int fd = accept4(at_.listener(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience_to_hear, sizeof patience_to_hear);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience_to_tell, sizeof patience_to_tell);
    auto& c = clients_.emplace_back(fd);
    try {
        if (clients_.size() > max_clients) {
            throw failure{"too_many_clients",
                          "the agent has " + std::to_string(max_clients) + " clients already"};
        }
        c.thread = std::jthread{[this, &c](const std::stop_token& stop) {
            answer_one(c.connection, stop);
            c.is_done = true;
            wake();
        }};
    } catch (const failure& f) {
        send_line(fd, to_json(f));
        clients_.pop_back();
    } catch (const std::system_error&) {  // no thread to be had
        clients_.pop_back();
    }
    return true;
}

void control_server::answer_one(int to, const std::stop_token& stop) const {
    const auto tell = [&](const json& line) {
        if (!send_line(to, line)) {
            throw failure{"io_error", "the client is gone"};
        }
    };
    try {
        const auto line = lines_from{to, max_question}.next();
        answer(with_, json::parse(line.value_or(""), nullptr, false),
               {[&](const json& one) {
                    tell({{"answer", one}});
                },
                stop});
        if (!stop.stop_requested()) {  // else it may lack its end
            tell({{"end", true}});
        }
    } catch (const failure& f) {
        send_line(to, to_json(f));
    } catch (const std::exception& e) {
        send_line(to, to_json({"internal_error", e.what()}));
    }
}

}  // namespace holdfast_tool
