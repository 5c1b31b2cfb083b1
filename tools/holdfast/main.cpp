// holdfast: a peer, or a question to a cluster, from the command line. README.md has the exit codes.
#include <csignal>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <optional>
#include <sstream>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <holdfast/holdfast.hpp>

#include "run.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr int unavailable = 69;  // EX_UNAVAILABLE
constexpr int usage = 64;        // EX_USAGE
constexpr int internal = 70;     // EX_SOFTWARE

struct common {
    std::string listen, seeds, cluster = "default", name, profile = "lan", key_file, control;
    bool insecure = false;
    std::string join_wait = "30s";

    void add_to(CLI::App& app) {
        app.add_option("--listen", listen, "HOST:PORT to listen at (light peers: a free port)")->envname("HOLDFAST_LISTEN");
        app.add_option("--seeds", seeds, "the seats' addresses: A,B,C")->envname("HOLDFAST_SEEDS");
        app.add_option("--cluster", cluster, "the cluster's name")->envname("HOLDFAST_CLUSTER");
        app.add_option("--name", name, "this peer's name, for people")->envname("HOLDFAST_NAME");
        app.add_option("--profile", profile, "local, lan or wan")->envname("HOLDFAST_PROFILE")->check(CLI::IsMember({"local", "lan", "wan"}));
        app.add_option("--key-file", key_file, "a file with the cluster's key")->envname("HOLDFAST_KEY_FILE");
        app.add_flag("--insecure", insecure, "no key outside the local profile")->envname("HOLDFAST_INSECURE");
        app.add_option("--control", control, "the agent's control socket")->envname("HOLDFAST_CONTROL");
        app.add_option("--join-wait", join_wait, "how long to look for the cluster, e.g. 30s (light peers)")
            ->envname("HOLDFAST_JOIN_WAIT")
            ->check([](const std::string& text) {
                return holdfast_tool::duration_of(text) ? std::string{} : "\"" + text + "\" is no duration; write 10s or 500ms";
            });
    }
    [[nodiscard]] holdfast::config make(bool is_light) const {
        holdfast::config c;
        c.name = name;
        std::istringstream list{seeds};
        for (std::string one; std::getline(list, one, ',');) {
            c.seeds.push_back(one);
        }
        c.cluster = cluster;
        c.profile = profile == "local" ? holdfast::profile::local : profile == "wan" ? holdfast::profile::wan : holdfast::profile::lan;
        c.key_file = key_file;
        c.insecure = insecure;
        c.light = is_light;
        c.listen = listen;
        if (c.listen.empty() && is_light) {
            c.listen = c.profile == holdfast::profile::local ? "127.0.0.1:0" : "0.0.0.0:0";
        }
        return c;
    }
};

json members_of(const holdfast::peer& p) {
    json out = json::array();
    for (const auto& m : p.members()) {
        out.push_back({{"id", to_string(m.id)}, {"name", m.name}, {"address", to_string(m.address)}, {"member", m.is_member}, {"voter", m.is_voter},
                       {"leaving", m.is_leaving}, {"weight", m.weight}, {"slots", m.slots}, {"seems", std::string{to_string(m.seems)}}});
    }
    return out;
}

json view_of(const holdfast::peer& p) {
    const auto v = p.view();
    if (!v) {
        return nullptr;
    }
    json seats = json::array();
    for (const auto& s : v->seats) {
        seats.push_back({{"address", to_string(s.address)}, {"filled_by", s.filled_by.is_nil() ? json(nullptr) : json(to_string(s.filled_by))}});
    }
    return {{"cluster", to_string(v->cluster)}, {"number", v->number.value}, {"epoch", v->epoch.value}, {"seats", seats}, {"members", v->members.size()}};
}

json answer(const holdfast::peer& p, const std::string& what, const std::string& name) {
    if (what == "members") {
        return members_of(p);
    }
    if (what == "view") {
        return view_of(p);
    }
    if (what == "owner") {
        const auto m = p.owner_of(name);
        return m ? json{{"lock", name}, {"id", to_string(m->id)}, {"name", m->name}, {"address", to_string(m->address)}} : json{{"error", m.error().text}};
    }
    return {{"error", "unknown question"}};
}

void print(const std::string& what, const json& a, bool as_json) {
    if (as_json || a.is_null() || a.contains("error")) {
        std::printf("%s\n", a.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    } else if (what == "members") {
        std::printf("%-10s %-24s %-24s %-8s %-6s %6s  %s\n", "ID", "NAME", "ADDRESS", "MEMBER", "VOTER", "SLOTS", "SEEMS");
        for (const auto& m : a) {
            std::printf("%-10s %-24s %-24s %-8s %-6s %6d  %s\n", m["id"].get<std::string>().substr(0, 8).c_str(), m["name"].get<std::string>().c_str(),
                        m["address"].get<std::string>().c_str(), m["member"].get<bool>() ? "yes" : "no", m["voter"].get<bool>() ? "yes" : "no",
                        m["slots"].get<int>(), m["seems"].get<std::string>().c_str());
        }
    } else if (what == "view") {
        std::printf("view %d of cluster %s, epoch %u, %d members\n", a["number"].get<int>(), a["cluster"].get<std::string>().substr(0, 8).c_str(),
                    a["epoch"].get<unsigned>(), a["members"].get<int>());
        for (const auto& s : a["seats"]) {
            std::printf("  seat %-24s %s\n", s["address"].get<std::string>().c_str(),
                        s["filled_by"].is_null() ? "vacant" : s["filled_by"].get<std::string>().substr(0, 8).c_str());
        }
    } else {
        std::printf("%s is owned by %s (%s) at %s\n", a["lock"].get<std::string>().c_str(), a["name"].get<std::string>().c_str(),
                    a["id"].get<std::string>().substr(0, 8).c_str(), a["address"].get<std::string>().c_str());
    }
}

sockaddr_un control_address(const std::string& path) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (path.size() >= sizeof at.sun_path) {
        throw std::runtime_error{"--control: the path is too long for a socket"};
    }
    std::memcpy(at.sun_path, path.c_str(), path.size());
    return at;
}

/// One line of JSON each way.
std::optional<json> ask_agent(const std::string& path, const json& question) {
    const auto at = control_address(path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto line = question.dump() + "\n";
    if (connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || send(fd, line.data(), line.size(), MSG_NOSIGNAL) < 0) {
        std::fprintf(stderr, "holdfast: no agent answers at %s: %s\n", path.c_str(), std::strerror(errno));
        close(fd);
        return std::nullopt;
    }
    std::string got;
    char bytes[4096];
    for (ssize_t n = 0; got.find('\n') == std::string::npos && (n = recv(fd, bytes, sizeof bytes, 0)) > 0;) {
        got.append(bytes, static_cast<std::size_t>(n));
    }
    close(fd);
    auto parsed = json::parse(got, nullptr, false);
    return parsed.is_discarded() ? std::nullopt : std::optional{parsed};
}

void serve_one(int listener, const holdfast::peer& p) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    const timeval patience{2, 0};  // a client that says nothing must not hold up the agent
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string line;
    char bytes[4096];
    for (ssize_t n = 0; line.find('\n') == std::string::npos && line.size() < 65536 && (n = recv(fd, bytes, sizeof bytes, 0)) > 0;) {
        line.append(bytes, static_cast<std::size_t>(n));
    }
    const auto question = json::parse(line, nullptr, false);
    const auto text = [&](const char* key) {
        return question.is_object() && question.contains(key) && question[key].is_string() ? question[key].get<std::string>() : std::string{};
    };
    // Names are any bytes their peers chose; JSON is UTF-8.
    const auto out = answer(p, text("ask"), text("name")).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    (void)!send(fd, out.data(), out.size(), MSG_NOSIGNAL);
    close(fd);
}

std::optional<holdfast::peer> join(const common& options) {
    auto p = holdfast::peer::start(options.make(true));
    if (!p) {
        std::fprintf(stderr, "holdfast: %s\n", p.error().text.c_str());
        return std::nullopt;
    }
    if (const auto ready = p->wait_ready(*holdfast_tool::duration_of(options.join_wait)); !ready) {
        std::fprintf(stderr, "holdfast: %s\n", ready.error().text.c_str());
        return std::nullopt;
    }
    return std::move(*p);
}

int agent(const common& options) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, nullptr);
    const int signals = signalfd(-1, &ends, SFD_CLOEXEC);
    auto c = options.make(false);
    const int stopped = eventfd(0, EFD_CLOEXEC);
    c.on_event = [stopped](const holdfast::event& e) {
        std::fprintf(stderr, "holdfast: %s\n", holdfast::to_string(e).c_str());
        if (std::holds_alternative<holdfast::events::stopped>(e)) {
            eventfd_write(stopped, 1);
        }
    };
    auto p = holdfast::peer::start(std::move(c));
    if (!p) {
        std::fprintf(stderr, "holdfast: %s\n", p.error().text.c_str());
        return p.error().code == holdfast::errc::bad_config ? usage : unavailable;
    }
    int listener = -1;
    if (!options.control.empty()) {
        const auto at = control_address(options.control);
        unlink(options.control.c_str());
        listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || listen(listener, 16) != 0) {
            std::fprintf(stderr, "holdfast: --control %s: %s\n", options.control.c_str(), std::strerror(errno));
            return unavailable;
        }
    }
    bool is_ready = false;
    for (;;) {
        pollfd fds[3] = {{signals, POLLIN, 0}, {listener, POLLIN, 0}, {stopped, POLLIN, 0}};
        poll(fds, 3, is_ready ? -1 : 20);
        if (fds[0].revents != 0) {
            break;
        }
        if (fds[2].revents != 0) {
            if (listener >= 0) {
                unlink(options.control.c_str());
            }
            return internal;  // the event has said why
        }
        if (fds[1].revents != 0) {
            serve_one(listener, *p);
        }
        if (!is_ready && p->is_ready()) {
            is_ready = true;
            std::printf("ready %s %s\n", to_string(p->address()).c_str(), to_string(p->id()).c_str());
            std::fflush(stdout);
        }
    }
    if (listener >= 0) {
        unlink(options.control.c_str());
    }
    (void)p->leave();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Locks, elections and membership from your own fleet of processes."};
    app.set_version_flag("--version", std::string{holdfast::version_text});
    app.require_subcommand(1);
    common options;
    bool as_json = false;
    std::string name;
    holdfast_tool::run_options run;

    auto* agent_command = app.add_subcommand("agent", "run a full peer until SIGTERM; prints `ready ADDRESS ID` when it can serve");
    auto* run_command = app.add_subcommand("run", "run a command while holding a lock");
    auto* members = app.add_subcommand("members", "who is there");
    auto* view = app.add_subcommand("view", "what the cluster has agreed on");
    auto* owner = app.add_subcommand("owner", "which member owns a lock's name");
    for (auto* command : {agent_command, run_command, members, view, owner}) {
        options.add_to(*command);
    }
    for (auto* command : {members, view, owner}) {
        command->add_flag("--json", as_json, "one line of JSON");
    }
    owner->add_option("NAME", name, "the lock")->required();
    run_command->add_option("--lock", run.lock, "the lock")->required();
    run_command->add_option("--wait", run.wait, "how long to wait for it, e.g. 10s or 500ms (default: for ever)");
    run_command->add_option("CMD", run.command, "the command and its arguments, after --")->required();
    run_command->positionals_at_end();

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : usage;
    }
    try {
        if (agent_command->parsed()) {
            return agent(options);
        }
        if (run_command->parsed()) {
            const auto c = options.make(true);
            if (const auto sound = c.validate(); !sound) {
                std::fprintf(stderr, "holdfast: %s\n", sound.error().text.c_str());
                return usage;
            }
            return holdfast_tool::run([&] { return join(options); }, holdfast::times_of(c).lease, run);
        }
        const std::string what = members->parsed() ? "members" : view->parsed() ? "view" : "owner";
        if (!options.control.empty()) {
            const auto got = ask_agent(options.control, {{"ask", what}, {"name", name}});
            if (!got) {
                return unavailable;
            }
            print(what, *got, as_json);
            return got->is_object() && got->contains("error") ? 1 : 0;
        }
        auto p = join(options);
        if (!p) {
            return unavailable;
        }
        print(what, answer(*p, what, name), as_json);
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "holdfast: %s\n", e.what());
        return 1;
    }
}
