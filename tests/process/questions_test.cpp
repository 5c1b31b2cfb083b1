// The questions of the command line: at an agent and as a peer with weight 0, over time, and with
// clients of every kind.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <list>
#include <utility>

#include "agents.hpp"

using namespace process_tests;

namespace {

/// A client of the control socket that keeps to no rule of ours.
class raw_client {
public:
    explicit raw_client(const std::string& path)
        : fd_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_un at{AF_UNIX, {}};
        std::memcpy(at.sun_path, path.c_str(), path.size());
        REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
        const timeval patience{20, 0};
        setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    raw_client(raw_client&& other) noexcept
        : fd_{std::exchange(other.fd_, -1)}, unread_{std::move(other.unread_)} {}
    raw_client& operator=(raw_client&&) = delete;
    ~raw_client() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }

    raw_client& ask(const std::string& line) {
        (void)!send(fd_, (line + "\n").data(), line.size() + 1, MSG_NOSIGNAL);
        return *this;
    }
    raw_client& ends_its_half() {
        shutdown(fd_, SHUT_WR);
        return *this;
    }
    /// Null at the end.
    json next() {
        while (unread_.find('\n') == std::string::npos) {
            char bytes[4096];
            const auto n = recv(fd_, bytes, sizeof bytes, 0);
            if (n <= 0) {
                return nullptr;
            }
            unread_.append(bytes, static_cast<std::size_t>(n));
        }
        const auto line = unread_.substr(0, unread_.find('\n'));
        unread_.erase(0, line.size() + 1);
        return json::parse(line);
    }

private:
    int fd_;
    std::string unread_;
};

const std::string watch_job = R"({"ask": "watch", "arguments": {"name": "job"}})";
constexpr std::size_t max_clients = 32;

json next_of(child& c) {
    const auto l = c.expect("");
    return l ? json::parse(l->text) : json{};
}

/// The next line that says so: others may come before it, for a state that lasts until then.
json told_by(child& c, bool is_held) {
    auto line = next_of(c);
    while (!line.is_null() && line["is_held"] != is_held) {
        line = next_of(c);
    }
    return line;
}

/// Watches as a peer of its own, or at the first agent.
child watcher(const agents& a, bool by_socket, std::vector<std::string> more = {"--json"}) {
    more.insert(more.begin(), {"watch", "job"});
    if (by_socket) {
        more.insert(more.end(), {"--control", a.control(0)});
    }
    return child{a.command(more)};
}

/// Until the agent lets it in; one that hung up is forgotten soon, not at once.
bool is_let_in_soon(const std::string& path) {
    const auto until = steady::now() + 20s;
    while (steady::now() < until) {
        if (raw_client{path}.ask(R"({"ask": "view"})").next().contains("answer")) {
            return true;
        }
    }
    return false;
}

/// Then it takes the signal itself.
bool blocks(const child& c, int signal_number) {
    std::ifstream status{"/proc/" + std::to_string(c.id()) + "/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("SigBlk:")) {
            return (std::stoull(line.substr(7), nullptr, 16) >> (signal_number - 1) & 1) != 0;
        }
    }
    return false;
}

/// Nothing in it that a terminal acts on.
bool is_plain(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
        if (c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next <= 0x9f)) {
            return false;
        }
    }
    return true;
}

/// Of a program that has ended: all lines are plain, and one has `text` in it.
bool has_plain_line_with(child& c, const std::string& text) {
    bool is_there = false;
    for (const auto& line : c.all_unread()) {
        if (!is_plain(line.text) || line.text.starts_with("ready")) {
            return false;
        }
        is_there = is_there || line.text.find(text) != std::string::npos;
    }
    return is_there;
}

std::vector<std::string> with_errors_in_output(std::vector<std::string> words) {
    words.insert(words.begin(), {"/bin/sh", "-c", "exec \"$@\" 2>&1", "sh"});
    return words;
}

}  // namespace

TEST_CASE("holdfast watch tells of each change until it is interrupted", "[process]") {
    const auto& a = unharmed();
    for (const bool by_socket : {true, false}) {
        for (const int how : {SIGINT, SIGTERM}) {
            CAPTURE(by_socket, how);
            auto seen = watcher(a, by_socket);
            CHECK(next_of(seen) ==
                  json{{"lock", "job"}, {"is_held", false}, {"holder_count", 0}, {"waiting", 0}});
            auto holder = a.run("job", "echo $HOLDFAST_TOKEN; read line");
            const auto token = holder.expect("");
            REQUIRE(token);
            const auto held = told_by(seen, true);
            REQUIRE(held.is_object());
            CHECK(held["token"] == token->text);
            CHECK(held["note"] == "holdfast run, process " + std::to_string(holder.id()));
            holder.end_input();
            CHECK(told_by(seen, false).is_object());
            CHECK(holder.wait() == 1);
            seen.kill(how);
            CHECK(seen.wait() == 128 + how);
        }
    }
}

TEST_CASE("holdfast watch for people", "[process]") {
    const auto& a = unharmed();
    for (const bool by_socket : {true, false}) {
        CAPTURE(by_socket);
        auto seen = watcher(a, by_socket, {});
        CHECK(seen.expect("job is free, 0 waiting"));
        auto holder = a.run("job", "echo held; read line");
        CHECK(seen.expect("job is held by "));
        holder.end_input();
        CHECK(holder.wait() == 1);
    }
}

TEST_CASE("holdfast watch ends when its reader is gone", "[process]") {
    const auto& a = unharmed();
    for (const bool by_socket : {true, false}) {
        CAPTURE(by_socket);
        auto words = a.command({"watch", "job"});
        if (by_socket) {
            words.insert(words.end(), {"--control", a.control(0)});
        }
        std::string line;
        for (const auto& word : words) {
            line += word + " ";
        }
        CHECK(child{{"/bin/sh", "-c", line + "| head -n 1"}}.wait() == 0);
    }
}

TEST_CASE("holdfast watch fails when its agent ends", "[process]") {
    agents a;
    auto of_one_that_leaves = watcher(a, true);
    CHECK(told_by(of_one_that_leaves, false).is_object());
    a.all.front().kill(SIGTERM);
    CHECK(of_one_that_leaves.wait() == 69);
    CHECK(a.all.front().wait() == 0);
    CHECK_FALSE(std::filesystem::exists(a.control(0)));
}

TEST_CASE("the control socket: clients that hang, read nothing or hang up do not matter to others",
          "[process]") {
    const auto& a = unharmed();
    const auto path = a.control(1);
    raw_client says_nothing{path};
    raw_client half_a_question{path};
    half_a_question.ask(R"({"ask": )");
    raw_client reads_nothing{path};
    reads_nothing.ask(watch_job);
    CHECK(first_line_of(child{a.command({"view", "--json", "--control", path})})["seats"].size() ==
          3);
    CHECK(raw_client{path}
              .ask(R"({"ask": "view"})")
              .ends_its_half()
              .next()["answer"]["seats"]
              .size() == 3);
    raw_client watches{path};
    watches.ask(watch_job).ends_its_half();
    CHECK(watches.next()["answer"]["is_held"] == false);
}

TEST_CASE("the control socket: a bounded number of clients; who is gone makes room", "[process]") {
    agents a;
    std::list<raw_client> all;
    while (all.size() < max_clients - 1) {
        CHECK(all.emplace_back(a.control(0)).ask(watch_job).next()["answer"]["is_held"] == false);
    }
    auto last = watcher(a, true);
    CHECK(told_by(last, false).is_object());
    CHECK(raw_client{a.control(0)}.next()["code"] == "too_many_clients");
    CHECK(first_line_of(child{a.command({"view", "--json", "--control", a.control(0)})},
                        69)["code"] == "too_many_clients");

    last.kill(SIGINT);
    CHECK(last.wait() == 128 + SIGINT);
    CHECK(is_let_in_soon(a.control(0)));
    all.pop_front();
    CHECK(is_let_in_soon(a.control(0)));
}

TEST_CASE("the control socket: what is no question is told so", "[process]") {
    const auto& a = unharmed();
    for (const auto* line :
         {"", "view", "[]", R"({"ask": 7})", R"({"ask": "weather"})", R"({"ask": "owner"})",
          R"({"ask": "owner", "arguments": 7})", R"({"ask": "owner", "arguments": {"name": 7}})"}) {
        CAPTURE(line);
        raw_client c{a.control(2)};
        CHECK(c.ask(line).next()["code"] == "usage");
        CHECK(c.next().is_null());
    }
    raw_client endless{a.control(2)};
    endless.ask(std::string(200'000, 'x'));
    const auto told = endless.next();
    CHECK((told.is_null() || told["code"] == "usage"));
    raw_client c{a.control(2)};
    CHECK(c.ask(R"({"ask": "members"})").next()["answer"].is_array());
    CHECK(c.next() == json{{"end", true}});
}

TEST_CASE("a question that fails has an exit code and a text, at an agent as without one",
          "[process]") {
    const auto& a = unharmed();
    for (const bool by_socket : {true, false}) {
        CAPTURE(by_socket);
        auto words = a.command({"watch", std::string(513, 'x'), "--json"});
        if (by_socket) {
            words.insert(words.end(), {"--control", a.control(0)});
        }
        const auto told = first_line_of(child{words}, 64);
        CHECK(told["code"] == "name_too_long");
        CHECK_FALSE(told["error"].get<std::string>().empty());
    }
    CHECK(child{a.command({"owner", "\xff", "--control", a.control(0)})}.wait() == 64);
    CHECK(child{a.command({"owner"})}.wait() == 64);
    const auto no_peer = test_support::free_addresses(3);
    const auto seeds = no_peer[0] + "," + no_peer[1] + "," + no_peer[2];
    CHECK(first_line_of(child{{tool, "view", "--seeds", seeds, "--profile", "local", "--json",
                               "--join-wait", "300ms"}},
                        69)["code"]
              .is_string());
    CHECK(
        child{{tool, "view", "--seeds", "127.0.0.1:1,127.0.0.1:2", "--profile", "local"}}.wait() ==
        64);
}

TEST_CASE("the control socket is its user's, replaces a dead agent's, and not a living one's",
          "[process]") {
    agents a;
    const auto mode_of = [](const std::string& path) {
        struct stat there {};
        REQUIRE(stat(path.c_str(), &there) == 0);
        return there.st_mode & 07777;
    };
    CHECK(mode_of(a.control(0)) == 0600);
    const auto another = [&](const std::string& at) {
        return child{a.command({"agent", "--listen", "127.0.0.1:0", "--control", at})};
    };
    CHECK(another(a.control(0)).wait() == 69);
    CHECK(child{a.command({"view", "--control", a.control(0)})}.wait() == 0);

    a.all.back().kill(SIGKILL);
    CHECK(a.all.back().wait() == -SIGKILL);
    REQUIRE(std::filesystem::exists(a.control(2)));
    CHECK(child{a.command({"view", "--control", a.control(2)})}.wait() == 69);
    auto next = another(a.control(2));
    CHECK(next.expect("ready "));
    CHECK(child{a.command({"view", "--control", a.control(2)})}.wait() == 0);
    CHECK(mode_of(a.control(2)) == 0600);

    const auto file = (a.folder / "precious").string();
    std::ofstream{file} << "data\n";
    CHECK(another(file).wait() == 69);
    CHECK(std::filesystem::file_size(file) == 5);
}

TEST_CASE("a signal ends the wait for a cluster", "[process]") {
    const auto no_peer = test_support::free_addresses(3);
    const auto seeds = no_peer[0] + "," + no_peer[1] + "," + no_peer[2];
    for (const auto& words :
         {std::vector<std::string>{"view"}, {"run", "--lock", "job", "/bin/true"}}) {
        std::vector<std::string> command{tool,        words[0], "--seeds",     seeds,
                                         "--profile", "local",  "--join-wait", "1h"};
        command.insert(command.end(), words.begin() + 1, words.end());
        child c{command};
        const auto until = steady::now() + 20s;
        while (!blocks(c, SIGTERM) && steady::now() < until) {
        }
        c.kill(SIGTERM);
        CHECK(c.wait() == 128 + SIGTERM);
    }
}

TEST_CASE("what others chose is escaped where a person reads it, and whole in JSON", "[process]") {
    const auto& a = unharmed();
    const std::string name = "x\x1b[31m\r\nready 6.6.6.6:1 deadbeef\u009b2J";
    const std::string note = "\x1b]0;owned\x07\u202e";
    const std::string shown = "x\\x1b[31m\\r\\nready 6.6.6.6:1 deadbeef\\u009b2J";
    child hears{with_errors_in_output(
        a.command({"agent", "--listen", test_support::free_addresses(1)[0]}))};
    REQUIRE(hears.expect("ready "));
    child holder{with_errors_in_output(
        a.command({"run", "--lock", "escapes", "--shared", "--name", name, "--note", note, "--",
                   "/bin/sh", "-c", "echo held; read line"}))};
    REQUIRE(holder.expect("held"));
    const auto until = steady::now() + 20s;
    while (!is_member(a, name) && steady::now() < until) {
    }
    CHECK(child{a.command({"request-release", "escapes", "--operator", note, "--reason", name,
                           "--wait", "300ms", "--control", a.control(0)})}
              .wait() == 1);
    CHECK(holder.expect("holdfast: \\x1b]0;owned\\x07\\u202e requests the release of the lock: " +
                        shown));
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"members"}, {"locks"}, {"why", "escapes"}, {"group", "escapes"}, {"audit-log"}}) {
        for (const bool by_socket : {true, false}) {
            CAPTURE(words, by_socket);
            auto command = a.command(words);
            if (by_socket) {
                command.insert(command.end(), {"--control", a.control(0)});
            }
            child asked{command};
            CHECK(asked.wait() == 0);
            CHECK(has_plain_line_with(asked, shown));
        }
    }
    child asked{a.command({"why", "escapes", "--json", "--control", a.control(0)})};
    const auto line = asked.expect("");
    REQUIRE(line);
    CHECK(is_plain(line->text));
    const auto why = json::parse(line->text);
    CHECK(why["holders"][0]["holder"]["name"] == name);
    CHECK(why["holders"][0]["note"] == note);
    holder.kill(SIGKILL);
    CHECK(hears.expect("holdfast: " + shown));  // it seems to be dead
}

TEST_CASE("holdfast watch ends by a signal although its output is not read", "[process]") {
    const auto& a = unharmed();
    const auto path = (a.folder / "not-read").string();
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    const int end = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(fcntl(end, F_SETPIPE_SZ, 4096) > 0);
    const std::string full(4096, 'x');
    REQUIRE(write(end, full.data(), full.size()) == 4096);
    auto words = a.command({"watch", "job", "--control", a.control(0)});
    words.insert(words.begin(), {"/bin/sh", "-c", "exec \"$@\" > " + path, "sh"});
    child seen{words};
    const auto until = steady::now() + 20s;
    while (!blocks(seen, SIGTERM) && steady::now() < until) {
    }
    seen.kill(SIGTERM);
    CHECK(seen.wait(20s) == 128 + SIGTERM);
    close(end);
}
