// What operators do from the command line: inspecting, breaking, approving, evicting, reading
// the audit log; elections and groups; and `holdfast run` whose child hangs.
#include <csignal>
#include <functional>
#include <utility>

#include "agents.hpp"

using namespace process_tests;

namespace {

/// Asks the first agent.
json told(const agents& a, std::vector<std::string> words, int expected_code = 0) {
    words.insert(words.end(), {"--json", "--control", a.control(0)});
    return first_line_of(child{a.command(std::move(words))}, expected_code);
}

long long token_of(const json& hold) { return std::stoll(hold["token"].get<std::string>()); }

}  // namespace

TEST_CASE(
    "holdfast run with a child that hangs: it is asked for its lock, then that is broken, and the "
    "child is gone",
    "[process]") {
    const auto& a = unharmed();
    // It ignores what asks it to end, as a child that hangs does.
    auto hung = a.run("nightly", "trap '' TERM; echo $$; sleep 600",
                      {"--note", "nightly run", "--name", "hung-job"});
    const auto started = hung.expect("");
    REQUIRE(started);
    const auto group = static_cast<pid_t>(std::stol(started->text));
    auto next = a.run("nightly", "echo mine; sleep 600");
    REQUIRE(until_it_is_so([&] { return told(a, {"why", "nightly"})["waiting"] == 1; }));

    const auto why = told(a, {"why", "nightly"});
    CHECK(why["state"] == "serving");
    REQUIRE(why["holders"].size() == 1);
    CHECK(why["holders"][0]["holder"]["name"] == "hung-job");
    CHECK(why["holders"][0]["note"] == "nightly run");
    CHECK(why["explanation"] == "held by hung-job");
    CHECK(why["queue"].size() == 1);
    const auto locks = told(a, {"locks"});
    REQUIRE(locks["locks"].size() == 1);
    CHECK(locks["locks"][0]["lock"] == "nightly");

    const auto asked = told(a,
                            {"request-release", "nightly", "--operator", "ann", "--reason",
                             "it hangs", "--wait", "200ms"},
                            1);
    CHECK(asked["stage"] == "delivered");
    CHECK(kill(group, 0) == 0);
    const auto broken = told(a, {"break", "nightly", "--operator", "ann", "--reason", "it hangs"});
    CHECK(broken["stage"] == "ended");
    CHECK(broken["end_reason"] == "broken");
    CHECK(hung.wait() == 76);
    CHECK(until_it_is_so([&] { return kill(group, 0) != 0; }));
    CHECK(next.expect("mine"));
    CHECK(token_of(told(a, {"why", "nightly"})["holders"][0]) > token_of(broken));

    const auto audit_log = told(a, {"audit-log"})["records"];
    REQUIRE(audit_log.size() >= 2);
    const auto& last = audit_log.back();
    CHECK(last["action"] == "broke");
    CHECK(last["operator"] == "ann");
    CHECK(last["reason"] == "it hangs");
    CHECK(last["whom"]["name"] == "hung-job");
    CHECK(last["outcome"]["stage"] == "ended");
    // It names the hold that is gone: nothing happens to the next.
    CHECK(told(a, {"break", "nightly", "--reason", "again", "--token",
                   broken["token"].get<std::string>()})["stage"] == "ended");
    CHECK(told(a, {"why", "nightly"})["holder_count"] == 1);
    next.kill(SIGTERM);
    CHECK(next.wait() == 128 + SIGTERM);
}

TEST_CASE("what cannot be asked of operators is said", "[process]") {
    const auto& a = unharmed();
    CHECK(told(a, {"break", "free-lock", "--reason", "r"}, 1)["code"] == "not_so");
    CHECK(told(a, {"break", "x", "--reason", "r", "--token", "abc"}, 64)["code"] == "usage");
    CHECK(told(a, {"break", "x", "--reason", "r", "--wait", "soon"}, 64)["code"] == "usage");
    CHECK(told(a, {"evict", "no-member", "--reason", "r"}, 1)["code"] == "not_so");
    // a reason is required
    CHECK(child{a.command({"break", "x", "--control", a.control(0)})}.wait() == 64);
    CHECK(told(a, {"why", "free-lock"})["explanation"] == "free");
}

TEST_CASE("holdfast evict removes a process that has stopped, and its lock is granted again",
          "[process]") {
    const auto& a = unharmed();
    auto stopped = a.run("job", "echo $$; sleep 600", {"--name", "stopped-job"});
    REQUIRE(stopped.expect(""));
    stopped.kill(SIGSTOP);
    const auto evicted =
        told(a, {"evict", "stopped-job", "--operator", "ann", "--reason", "it is stopped"});
    CHECK(evicted["evicted"]["name"] == "stopped-job");
    auto next = a.run("job", "echo mine");
    CHECK(next.expect("mine"));
    CHECK(next.wait() == 0);
    stopped.kill(SIGCONT);
    CHECK(stopped.wait() == 76);
    CHECK(told(a, {"audit-log"})["records"].back()["action"] == "evicted");
}

TEST_CASE(
    "CERT-2: holdfast evict with a fence that kills the process: its lease is not waited for, and "
    "the record says so",
    "[process]") {
    // Each is evicted at once: who is stopped for longer than two leases is removed anyway.
    const agents a{{"--lease", "5s"}};
    auto kept = a.run("kept-job", "echo $$; sleep 600", {"--name", "kept-job"});
    REQUIRE(kept.expect(""));
    kept.kill(SIGSTOP);
    CHECK(told(a, {"evict", "kept-job", "--reason", "r", "--fence", "exit 3"}, 1)["code"] ==
          "not_so");
    CHECK(told(a, {"audit-log"})["records"].back()["outcome"]["stage"] == "no_answer");
    kept.kill(SIGKILL);
    auto stopped = a.run("fenced-job", "echo $$; sleep 600", {"--name", "fenced-job"});
    REQUIRE(stopped.expect(""));
    stopped.kill(SIGSTOP);
    const auto evicted = told(a, {"evict", "fenced-job", "--operator", "ann", "--reason",
                                  "it is stopped", "--fence", "kill -KILL $HOLDFAST_PID"});
    CHECK(evicted["evicted"]["name"] == "fenced-job");
    CHECK(stopped.wait() == -SIGKILL);
    auto next = a.run("fenced-job", "echo mine");
    CHECK(next.expect("mine"));
    CHECK(next.wait() == 0);
    CHECK(told(a, {"audit-log"})["records"].back()["action"] == "fenced");
}

TEST_CASE(
    "FORCE-1: holdfast force-new-cluster says what is at risk, wants it confirmed, and goes on "
    "with the seats named",
    "[process]") {
    agents a;
    auto before = a.run("job", "echo $HOLDFAST_TOKEN");
    const auto first = before.expect("");
    REQUIRE(first);
    CHECK(before.wait() == 0);
    // they are not
    CHECK(told(a, {"force-new-cluster", "--seats", a.addresses[0], "--confirm", "they-are-stopped"},
               64)["code"] == "bad_config");
    a.all.pop_back();
    a.all.pop_back();
    const auto risk = told(a, {"force-new-cluster", "--seats", a.addresses[0]}, 1);
    CHECK_FALSE(risk["is_done"].get<bool>());
    CHECK(risk["former_voters"].size() == 2);
    CHECK(risk["former_voters"][0]["address"].get<std::string>().starts_with("127.0.0.1:"));
    json done;
    REQUIRE(until_it_is_so([&] {  // its lease has to end first
        child c{a.command({"force-new-cluster", "--seats", a.addresses[0], "--confirm",
                           "they-are-stopped", "--json", "--control", a.control(0)})};
        const auto l = c.expect("");
        done = l ? json::parse(l->text, nullptr, false) : json{};
        return c.wait() == 0;
    }));
    CHECK(done["is_done"].get<bool>());
    a.seeds = a.addresses[0];
    auto after = a.run("job", "echo $HOLDFAST_TOKEN");
    const auto next = after.expect("");
    REQUIRE(next);
    CHECK(after.wait() == 0);
    CHECK(std::stoll(next->text) > std::stoll(first->text));
}

TEST_CASE("holdfast elect and observe: a leader, its note, and the next one", "[process]") {
    const auto& a = unharmed();
    child seen{a.command({"observe", "boss", "--json", "--control", a.control(1)})};
    const auto state = [&] {
        const auto l = seen.expect("");
        return l ? json::parse(l->text) : json{};
    };
    CHECK(state()["exists"] == false);
    child first{a.command({"elect", "boss", "--note", "10.0.0.1:80"})};
    REQUIRE(first.expect("leads boss "));
    const auto leads = state();
    CHECK(leads["note"] == "10.0.0.1:80");
    auto second = child{a.command({"elect", "boss", "--note", "second", "--", "/bin/sh", "-c",
                                   "echo leading $HOLDFAST_LOCK"})};
    REQUIRE(until_it_is_so([&] { return told(a, {"why", "boss"})["waiting"] == 1; }));
    first.kill(SIGTERM);
    CHECK(first.wait() == 0);
    CHECK(second.expect("leading boss"));
    CHECK(second.wait() == 0);
    child late{a.command({"elect", "boss", "--wait", "30ms"})};
    REQUIRE(late.expect("leads boss "));
    child too_late{a.command({"elect", "boss", "--wait", "30ms"})};
    CHECK(too_late.wait() == 75);
    late.kill(SIGINT);
    CHECK(late.wait() == 0);
    seen.kill(SIGINT);
    CHECK(seen.wait() == 128 + SIGINT);
}

TEST_CASE("holdfast join-group and group", "[process]") {
    const auto& a = unharmed();
    CHECK(told(a, {"group", "workers"}).empty());
    child one{a.command({"join-group", "workers", "--note", "one", "--name", "first"})};
    REQUIRE(one.expect("joined workers "));
    child two{a.command({"join-group", "workers", "--note", "two"})};
    REQUIRE(two.expect("joined workers "));
    const auto both = told(a, {"group", "workers"});
    REQUIRE(both.size() == 2);
    CHECK(both[0]["note"] == "one");
    CHECK(both[0]["peer"]["name"] == "first");
    CHECK(both[1]["note"] == "two");
    one.kill(SIGTERM);
    CHECK(one.wait() == 0);
    CHECK(until_it_is_so([&] { return told(a, {"group", "workers"}).size() == 1; }));
    two.kill(SIGTERM);
    CHECK(two.wait() == 0);
}

TEST_CASE("holdfast run: shared locks and permits", "[process]") {
    const auto& a = unharmed();
    auto first = a.run("index", "echo in; read line", {"--shared"});
    auto second = a.run("index", "echo in; read line", {"--shared"});
    CHECK(first.expect("in"));
    CHECK(second.expect("in"));
    CHECK(a.run("index", "true", {"--wait", "30ms"}).wait() == 75);
    auto slot = a.run("uploads", "echo in; read line", {"--permits", "2"});
    CHECK(slot.expect("in"));
    CHECK(a.run("uploads", "true", {"--permits", "3"}).wait() == 1);  // another limit
    CHECK(a.run("uploads", "true", {"--permits", "2"}).wait() == 0);
    for (auto* one : {&first, &second, &slot}) {
        one->end_input();
        (void)one->wait();
    }
}
