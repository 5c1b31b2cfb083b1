// Five processes elect a leader; it is killed; another is stopped and resumed. What `./dev demo` shows.
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
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct process {
    std::string name;
    pid_t id = -1;
    int input = -1;   // closed: it leaves
    int output = -1;
    std::string partial;
    std::optional<long long> leads;
    std::optional<long long> lost;
    bool has_joined = false;
    bool has_ended = false;
};

const auto begun = clock_type::now();

void say(const std::string& line) {
    const auto t = std::chrono::duration<double>(clock_type::now() - begun).count();
    std::printf("[%7.3f s]  %s\n", t, line.c_str());
    std::fflush(stdout);
}

std::vector<std::string> free_addresses(std::size_t count) {
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

process start(const std::string& program, const std::string& name, const std::string& at, const std::string& seeds) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        std::perror("pipe");
        std::exit(1);
    }
    const auto id = fork();
    if (id == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl(program.c_str(), program.c_str(), name.c_str(), at.c_str(), seeds.c_str(), nullptr);
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

    /// Reads what they say until it is so; false after `at_most`.
    bool until(const std::function<bool()>& is_so, std::chrono::seconds at_most) {
        const auto end = clock_type::now() + at_most;
        while (!is_so()) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock_type::now());
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
                    read_from(all[i]);
                }
            }
        }
        return true;
    }
    process* leader() {
        for (auto& p : all) {
            if (p.leads && !p.lost && !p.has_ended) {
                return &p;
            }
        }
        return nullptr;
    }
    ~fleet() {
        for (auto& p : all) {  // only what we started, by id
            if (!p.has_ended) {
                kill(p.id, SIGKILL);
                waitpid(p.id, nullptr, 0);
            }
        }
    }

private:
    void read_from(process& p) {
        std::array<char, 4096> bytes{};
        const auto n = read(p.output, bytes.data(), bytes.size());
        if (n <= 0) {
            waitpid(p.id, nullptr, 0);
            p.has_ended = true;
            return;
        }
        p.partial.append(bytes.data(), static_cast<std::size_t>(n));
        for (std::size_t end = 0; (end = p.partial.find('\n')) != std::string::npos; p.partial.erase(0, end + 1)) {
            heed(p, p.partial.substr(0, end));
        }
    }
    void heed(process& p, const std::string& line) {
        if (line == "joined") {
            p.has_joined = true;
        } else if (line.starts_with("leads ")) {
            p.leads = std::atoll(line.c_str() + 6);
            p.lost.reset();
            say(p.name + " leads, token " + line.substr(6));
        } else if (line.starts_with("lost ")) {
            p.lost = std::atoll(line.c_str() + 5);
            say(p.name + " reports its term lost: " + line.substr(5));
        } else if (line == "left") {
            say(p.name + " has left");
        }
    }
};

int fail(const char* what) {
    say(std::string{"FAILED: "} + what);
    return 1;
}

std::string seconds_since(clock_type::time_point t) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f s", std::chrono::duration<double>(clock_type::now() - t).count());
    return text;
}

}  // namespace

int main(int, char** argv) {
    signal(SIGPIPE, SIG_IGN);
    const std::string self = argv[0];
    const auto program = self.substr(0, self.rfind('/') + 1) + "leader";
    const auto addresses = free_addresses(5);
    const auto seeds = addresses[0] + "," + addresses[1] + "," + addresses[2];

    std::printf("Five processes, three of them seats, lease 1 s. No server.\n\n");
    fleet f;
    for (std::size_t i = 0; i < 5; ++i) {
        f.all.push_back(start(program, "worker-" + std::to_string(i + 1), addresses[i], seeds));
    }
    const auto all_joined = [&] {
        for (const auto& p : f.all) {
            if (!p.has_joined) {
                return false;
            }
        }
        return true;
    };
    if (!f.until([&] { return all_joined() && f.leader() != nullptr; }, 20s)) {
        return fail("nobody leads");
    }
    say("all five are members");
    auto& first = *f.leader();
    const auto first_token = *first.leads;

    say("SIGKILL to " + first.name);
    auto at = clock_type::now();
    kill(first.id, SIGKILL);
    if (!f.until([&] { return first.has_ended && f.leader() != nullptr; }, 20s)) {
        return fail("nobody took over");
    }
    say("taken over after " + seconds_since(at) + ", with a higher token");
    if (*f.leader()->leads <= first_token) {
        return fail("the token did not rise");
    }
    const auto seat = static_cast<std::size_t>(&first - f.all.data());
    f.all[seat] = start(program, first.name, addresses[seat], seeds);
    if (!f.until(all_joined, 20s)) {
        return fail("the killed one did not come back");
    }
    say(f.all[seat].name + " is back, as another peer");
    auto& second = *f.leader();
    const auto second_token = *second.leads;

    say("SIGSTOP to " + second.name + ", for longer than the lease");
    at = clock_type::now();
    kill(second.id, SIGSTOP);
    const auto another_leads = [&] {
        for (const auto& p : f.all) {
            if (&p != &second && !p.has_ended && p.leads && *p.leads > second_token) {
                return true;
            }
        }
        return false;
    };
    if (!f.until(another_leads, 20s)) {
        return fail("nobody took over from the stopped one");
    }
    say("taken over after " + seconds_since(at));
    say("SIGCONT to " + second.name);
    kill(second.id, SIGCONT);
    if (!f.until([&] { return second.lost.has_value(); }, 20s)) {
        return fail("the resumed leader did not notice that it had lost");
    }

    say("everybody leaves");
    for (auto& p : f.all) {
        if (!p.has_ended) {
            close(p.input);
        }
    }
    const auto all_ended = [&] {
        for (const auto& p : f.all) {
            if (!p.has_ended) {
                return false;
            }
        }
        return true;
    };
    if (!f.until(all_ended, 30s)) {
        return fail("some did not end");
    }
    std::printf("\nOne leader at a time, rising tokens, and the one that slept knew it.\n");
    return 0;
}
