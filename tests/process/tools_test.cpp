// The command line and the examples, as a user starts them: three agents on loopback and what joins
// them.
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <list>
#include <set>

#include "agents.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using namespace process_tests;

namespace {

/// The other end of the standard output of a command and of all it starts, and of no other process
/// (`run` has its own).
struct sign_of_life {
    std::string path;
    child reader;

    explicit sign_of_life(const agents& a) : path{made_in(a)}, reader{{"/bin/cat", path}} {}
    static std::string made_in(const agents& a) {
        auto path = (a.folder / "sign-of-life").string();
        REQUIRE(mkfifo(path.c_str(), 0600) == 0);
        return path;
    }
};

}  // namespace

TEST_CASE("holdfast run gives the command its lock and token, and its exit code back",
          "[process]") {
    const auto& a = unharmed();
    auto first = a.run("job", "echo $HOLDFAST_LOCK $HOLDFAST_TOKEN");
    const auto told = first.expect("job ");
    REQUIRE(told);
    CHECK(first.wait() == 0);
    const auto token = std::stoll(told->text.substr(4));
    CHECK(token > 0);
    auto second = a.run("job", "echo $HOLDFAST_TOKEN; exit 7");
    const auto next = second.expect("");
    REQUIRE(next);
    CHECK(std::stoll(next->text) > token);
    CHECK(second.wait() == 7);
    CHECK(a.run("job", "kill -USR1 $$").wait() == 128 + SIGUSR1);

    CHECK(
        child{a.command({"run", "--lock", "job", "--", (a.folder / "missing").string()})}.wait() ==
        127);
    CHECK(child{a.command({"run", "--lock", "job", "--", a.folder.string()})}.wait() == 126);
    CHECK(child{a.command({"run", "--lock", "job", "--wait", "soon", "--", "/bin/true"})}.wait() ==
          64);
    CHECK(child{a.command({"run", "--lock", "job", "--wait", "3000000h", "--", "/bin/true"})}
              .wait() == 64);
    CHECK(child{{tool, "run", "--seeds", "127.0.0.1:1,127.0.0.1:2", "--profile", "local", "--lock",
                 "job", "--", "/bin/true"}}
              .wait() == 64);
    CHECK(child{a.command({"run", "--", "/bin/true"})}.wait() == 64);
    CHECK(child{a.command({"run", "--lock", std::string(513, 'x'), "--", "/bin/true"})}.wait() ==
          64);
}

TEST_CASE("holdfast run waits for the lock, for as long as it is told", "[process]") {
    const auto& a = unharmed();
    auto holder = a.run("job", "echo held; read line");
    REQUIRE(holder.expect("held"));
    CHECK(a.run("job", "true", {"--wait", "100ms"}).wait() == 75);
    auto waiter = a.run("job", "echo mine");
    holder.end_input();
    CHECK(waiter.expect("mine"));
    CHECK(waiter.wait() == 0);
    CHECK(holder.wait() == 1);  // `read` at the end of its input
}

TEST_CASE("holdfast run passes signals on", "[process]") {
    const auto& a = unharmed();
    auto job = a.run(
        "job",
        "trap 'echo asked; exit 5' TERM; echo held; while :; do read line || sleep 0.01; done");
    REQUIRE(job.expect("held"));
    job.kill(SIGTERM);
    CHECK(job.expect("asked"));
    CHECK(job.wait() == 5);
}

TEST_CASE("holdfast run: a command that hangs is dead before the lease of its lost lock ends",
          "[process]") {
    agents a{with_a_long_lease()};
    // It ignores SIGTERM, and so does a grandchild in its group.
    sign_of_life sign{a};
    auto job = a.run("job", "exec > " + sign.path +
                                "; trap 'echo asked' TERM; (trap '' TERM; sleep 1000) & echo held; "
                                "while :; do sleep 0.01; done");
    REQUIRE(sign.reader.expect("held"));
    const auto killed = steady::now();
    auto seat = a.all.begin();
    seat->kill(SIGKILL);
    (++seat)->kill(SIGKILL);
    CHECK(sign.reader.expect("asked"));
    const auto gone = sign.reader.output_ends(20s);
    REQUIRE(gone);
    std::printf(
        "the hung command was gone %lld ms after the majority was killed (lease: 5000 ms)\n",
        static_cast<long long>(
            std::chrono::duration_cast<std::chrono::milliseconds>(*gone - killed).count()));
    CHECK(*gone - killed <= long_lease);
    CHECK(job.wait() == 76);
}

TEST_CASE("holdfast run: its command does not outlive it, nor what the command has started",
          "[process]") {
    const auto& a = unharmed();
    auto job = a.run("job", "sleep 1000 & echo held; while :; do sleep 0.01; done");
    REQUIRE(job.expect("held"));
    job.kill(SIGKILL);
    CHECK(job.output_ends(20s));
}

TEST_CASE("holdfast run: a command is dead before its lease ends although run was stopped",
          "[process]") {
    const agents a{with_a_long_lease()};
    sign_of_life sign{a};
    auto job = a.run("stopped", "exec > " + sign.path +
                                    "; sleep 1000 & echo held; while :; do sleep 0.01; done");
    REQUIRE(sign.reader.expect("held"));
    const auto stopped = steady::now();
    job.kill(SIGSTOP);
    const auto gone = sign.reader.output_ends(20s);
    REQUIRE(gone);
    CHECK(*gone - stopped <= long_lease);
    CHECK(a.run("stopped", "true").wait() == 0);
    job.kill(SIGCONT);
    CHECK(job.wait() == 76);
}

TEST_CASE("holdfast run: stopped at the terminal, its command stops too, and goes on with it",
          "[process]") {
    const auto& a = unharmed();
    // No `read`: a shell that is sent SIGTERM in the moment it goes on reading after a stop reads
    // on, and runs its trap later.
    auto job =
        a.run("job", "trap 'echo asked; exit 5' TERM; echo held; while :; do sleep 0.01; done");
    REQUIRE(job.expect("held"));
    job.kill(SIGTSTP);
    siginfo_t what{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(job.id()), &what, WSTOPPED | WNOWAIT) == 0);
    job.kill(SIGCONT);
    job.kill(SIGTERM);
    CHECK(job.expect("asked"));
    CHECK(job.wait() == 5);
}

TEST_CASE("holdfast run: a signal ends the wait for the lock", "[process]") {
    const auto& a = unharmed();
    auto holder = a.run("job", "echo held; read line");
    REQUIRE(holder.expect("held"));
    auto waiter = a.run("job", "echo mine", {"--name", "waiter"});
    const auto until = steady::now() + 20s;
    while (!is_member(a, "waiter") && steady::now() < until) {
    }
    waiter.kill(SIGTERM);
    CHECK(waiter.wait() == 128 + SIGTERM);
    holder.end_input();
}

TEST_CASE("holdfast run without a majority of seats", "[process]") {
    const auto no_peer = test_support::free_addresses(3);
    child c{{tool, "run", "--seeds", no_peer[0] + "," + no_peer[1] + "," + no_peer[2], "--profile",
             "local", "--join-wait", "300ms", "--lock", "job", "--", "/bin/true"}};
    CHECK(c.wait() == 69);
}

TEST_CASE("holdfast members, view and owner, by the agent's socket and by joining", "[process]") {
    const auto& a = unharmed();
    for (const bool by_socket : {true, false}) {
        CAPTURE(by_socket);
        const auto ask = [&](std::vector<std::string> words) {
            words.push_back("--json");
            if (by_socket) {
                words.insert(words.end(), {"--control", a.control(1)});
            }
            return first_line_of(child{a.command(words)});
        };
        const auto view = ask({"view"});
        CHECK(view["number"].get<int>() >= 1);
        CHECK(view["seats"].size() == 3);
        CHECK(view["wire_version"] == 2);
        std::set<std::string> names;
        std::size_t slots = 0;
        for (const auto& m : ask({"members"})) {
            names.insert(m["peer"]["name"].get<std::string>());
            slots += m["slots"].get<std::size_t>();
        }
        for (const auto* name : {"agent-0", "agent-1", "agent-2"}) {
            CHECK(names.contains(name));
        }
        CHECK(slots == 16384);
        CHECK(ask({"owner", "job"})["owner"]["name"].get<std::string>().starts_with("agent-"));
    }
    CHECK(child{a.command({"members", "--control", (a.folder / "no-agent").string()})}.wait() ==
          69);
    CHECK(child{a.command({"members", "--profile", "huge"})}.wait() == 64);
}

TEST_CASE("an option goes before its variable", "[process]") {
    const auto& a = unharmed();
    const auto answer = first_line_of(
        child{{"/usr/bin/env", "HOLDFAST_CONTROL=/nowhere", "HOLDFAST_SEEDS=127.0.0.1:1", tool,
               "members", "--json", "--control", a.control(0)}});
    CHECK(answer.size() >= 3);
    child ran{{"/usr/bin/env", "HOLDFAST_SEEDS=127.0.0.1:1", "HOLDFAST_PROFILE=wan", tool, "run",
               "--seeds", a.seeds, "--profile", "local", "--lock", "variables", "--", "/bin/sh",
               "-c", "echo $HOLDFAST_LOCK; sleep 600"}};
    REQUIRE(ran.expect("variables"));
    CHECK(first_line_of(child{a.command(
              {"why", "variables", "--json", "--control", a.control(0)})})["holder_count"] == 1);
    ran.kill(SIGTERM);
    CHECK(ran.wait() == 128 + SIGTERM);
}

TEST_CASE("holdfast agent leaves at SIGTERM, and its options come from the environment too",
          "[process]") {
    const auto& a = unharmed();
    setenv("HOLDFAST_SEEDS", a.seeds.c_str(), 1);
    setenv("HOLDFAST_PROFILE", "local", 1);
    setenv("HOLDFAST_NAME", "from-the-environment", 1);
    setenv("HOLDFAST_LISTEN", "127.0.0.1:0", 1);
    const auto control = (a.folder / "fourth.sock").string();
    child fourth{{tool, "agent", "--control", control}};
    for (const auto* name :
         {"HOLDFAST_SEEDS", "HOLDFAST_PROFILE", "HOLDFAST_NAME", "HOLDFAST_LISTEN"}) {
        unsetenv(name);
    }
    REQUIRE(fourth.expect("ready "));
    const auto until = steady::now() + 20s;
    while (!is_member(a, "from-the-environment") && steady::now() < until) {
    }
    CHECK(is_member(a, "from-the-environment"));
    // OWN-11: it was not ready before it owned its share
    const auto all = first_line_of(child{a.command({"members", "--json", "--control", control})});
    const auto us = std::find_if(all.begin(), all.end(), [](const json& m) {
        return m["peer"]["name"] == "from-the-environment" && m["is_member"].get<bool>();
    });
    const bool is_there = us != all.end();
    REQUIRE(is_there);
    CHECK((*us)["is_settled"].get<bool>());
    CHECK((*us)["slots"].get<int>() > 0);
    fourth.kill(SIGTERM);
    CHECK(fourth.wait() == 0);
    while (is_member(a, "from-the-environment") && steady::now() < until) {
    }
    CHECK_FALSE(is_member(a, "from-the-environment"));
}

TEST_CASE("examples: cron_once runs the job on one machine of many", "[process]") {
    // Its cluster has a name of its own; the seats are three processes of it that wait for the job
    // of the first to end.
    const auto addresses = test_support::free_addresses(3);
    const auto seeds = addresses[0] + "," + addresses[1] + "," + addresses[2];
    std::list<child> all;
    for (const auto& at : addresses) {
        all.emplace_back(
            std::vector<std::string>{HOLDFAST_CRON_ONCE, at, seeds, "echo job; read line"});
    }
    std::size_t ran = 0, elsewhere = 0;
    std::string said;
    const auto until = steady::now() + 30s;
    while (ran + elsewhere < 3 && steady::now() < until) {
        for (auto& c : all) {
            ran += c.expect("job", 10ms) ? 1 : 0;
            if (const auto line = c.expect("not here", 10ms)) {
                ++elsewhere;
                said += line->text + "\n";
            }
        }
    }
    CAPTURE(said);
    CHECK(ran == 1);
    CHECK(elsewhere == 2);
    for (auto& c : all) {
        c.end_input();
    }
}

TEST_CASE("examples: fenced_file refuses an old token", "[process]") {
    const auto file =
        (std::filesystem::temp_directory_path() / ("holdfast-fenced-" + std::to_string(getpid())))
            .string();
    const auto write = [&](const char* token, const char* text) {
        return child{{HOLDFAST_FENCED_FILE, file, token, text}}.wait();
    };
    CHECK(write("5", "five") == 0);
    CHECK(write("9", "nine") == 0);
    CHECK(write("5", "late") == 3);
    CHECK(write("9", "again") == 0);
    CHECK(write("junk", "x") == 64);
    std::ifstream content{file};
    std::string line;
    std::getline(content, line);
    CHECK(line == "again");
    for (const auto* beside : {"", ".gate", ".gate.lock"}) {
        std::filesystem::remove(file + beside);
    }
}
