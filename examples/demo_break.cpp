// A lock whose holder hangs: it is asked for, then broken; and when the holder's library hangs,
// too, its peer is evicted. What `./dev demo break` shows.
#include <ctime>
#include <future>

#include <holdfast/holdfast.hpp>

#include "processes.hpp"

using namespace demonstration;

namespace {

holdfast::config member_at(const std::string& name, const std::string& at,
                           const std::string& seeds) {
    holdfast::config c;
    c.name = name;
    c.listen = at;
    for (std::size_t from = 0; from <= seeds.size();) {
        const auto end = std::min(seeds.find(',', from), seeds.size());
        c.seeds.push_back(seeds.substr(from, end - from));
        from = end + 1;
    }
    c.cluster = "demonstration";
    c.profile = holdfast::profile::local;  // a lease of 1 s
    return c;
}

/// A member of the fleet. One that `hangs` takes the lock and never comes back from its work.
int be_member(const std::string& name, const std::string& at, const std::string& seeds,
              bool hangs) {
    auto c = member_at(name, at, seeds);
    c.weight = at.ends_with(":0") ? 0 : 1;
    const auto p = holdfast::peer::start(std::move(c));
    if (!p || !p->wait_ready(20s)) {
        return 1;
    }
    std::printf("joined\n");
    std::fflush(stdout);
    std::optional<holdfast::hold> held;
    if (hangs) {
        holdfast::lock_options how;
        how.note = "nightly run";
        how.on_release_requested = [](const holdfast::release_request& by) {
            std::printf("asked by %s: %s\n", by.who.c_str(), by.why.c_str());
            std::fflush(stdout);  // and does nothing about it
        };
        how.on_lost = [](holdfast::errc why) {
            std::printf("lost: %s\n", std::string{to_string(why)}.c_str());
            std::fflush(stdout);
        };
        held.emplace(*p->lock("nightly", how));
        std::printf("holds %lld\n", static_cast<long long>(held->token().value));
        std::fflush(stdout);
    }
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}

const char* words_for(holdfast::break_stage s) {
    switch (s) {
        case holdfast::break_stage::no_answer:
            return "its owner did not answer";
        case holdfast::break_stage::sent:
            return "the holder does not answer";
        case holdfast::break_stage::delivered:
            return "the holder's program knows, and goes on";
        case holdfast::break_stage::needs_approval:
            return "another operator must agree";
        case holdfast::break_stage::ended:
            return "it is gone";
        case holdfast::break_stage::refused:
            return "its policy does not allow it";
    }
    return "";
}

struct hung_holder {
    std::size_t index = 0;
    holdfast::token token;
    bool was_asked = false;
    std::string lost;
};

}  // namespace

int main(int argc, char** argv) {
    signal(SIGPIPE, SIG_IGN);
    if (argc == 5) {
        return be_member(argv[1], argv[2], argv[3], argv[4] == std::string{"hangs"});
    }
    const std::string self = argv[0];
    const auto addresses = free_addresses(3);
    const auto seeds = addresses[0] + "," + addresses[1] + "," + addresses[2];
    std::printf(
        "Three seats, a program that hangs with the lock \"nightly\", another that waits for it, "
        "and an operator. Lease 1 s.\n\n");

    fleet f;
    std::vector<bool> has_joined(5);
    std::vector<hung_holder> hung(5);
    f.heed = [&](std::size_t at, const std::string& line) {
        if (line == "joined") {
            has_joined[at] = true;
        } else if (line.starts_with("holds ")) {
            hung[at].token = {std::atoll(line.c_str() + 6)};
            say(f.all[at].name + " holds it, token " + line.substr(6) + ", and hangs");
        } else if (line.starts_with("asked ")) {
            hung[at].was_asked = true;
            say(f.all[at].name + " is " + line);
        } else if (line.starts_with("lost: ")) {
            hung[at].lost = line.substr(6);
            say(f.all[at].name + " is told that it lost it: " + hung[at].lost);
        }
    };
    const auto start_member = [&](const std::string& name, const std::string& at,
                                  const char* role) {
        f.all.push_back(start(name, {self, name, at, seeds, role}));
        return f.until([&] { return has_joined[f.all.size() - 1]; }, 20s);
    };
    for (std::size_t i = 0; i < 3; ++i) {
        f.all.push_back(
            start("seat-" + std::to_string(i + 1),
                  {self, "seat-" + std::to_string(i + 1), addresses[i], seeds, "seat"}));
    }
    if (!f.until([&] { return has_joined[0] && has_joined[1] && has_joined[2]; }, 20s)) {
        return fail("no cluster");
    }
    auto c = member_at("operator", "127.0.0.1:0", seeds);
    c.weight = 0;
    const auto me = holdfast::peer::start(std::move(c));
    if (!me || !me->wait_ready(20s)) {
        return fail("the operator cannot join");
    }
    const auto as_ann = [](const char* why, std::chrono::nanoseconds wait) {
        return holdfast::break_options{.who = "ann", .why = why, .wait = wait};
    };

    // ---- a program that hangs, with a library that answers
    if (!start_member("job-1", "127.0.0.1:0", "hangs") ||
        !f.until([&] { return hung[3].token.value != 0; }, 20s)) {
        return fail("no peer holds the lock");
    }
    auto next = me->lock_future("nightly", {.wait = 60s, .note = "the next in turn"});
    const auto seen = me->inspect("nightly");
    if (!seen || seen->holders.size() != 1) {
        return fail("the look does not show the holder");
    }
    say("ann looks: " + seen->explain() + ", \"" + seen->holders[0].note + "\", " +
        std::to_string(seen->waiting) + " waiting");
    say("ann asks for it, and waits for half a second");
    const auto asked = me->request_release("nightly", hung[3].token,
                                           as_ann("it has not moved since midnight", 500ms));
    if (!f.until([&] { return hung[3].was_asked; }, 5s) || !asked ||
        asked->stage != holdfast::break_stage::delivered) {
        return fail("the holder was not asked");
    }
    say(std::string{"  "} + words_for(asked->stage));
    say("ann breaks it");
    auto at = clock_type::now();
    const auto broken =
        me->break_hold("nightly", hung[3].token, as_ann("it has not moved since midnight", 10s));
    if (!broken || broken->stage != holdfast::break_stage::ended) {
        return fail("it was not broken");
    }
    auto second = next.get();
    if (!second) {
        return fail("the next in turn was not granted it");
    }
    say("  broken and granted to the next in turn after " + seconds_since(at) + ", token " +
        std::to_string(second->token().value));
    if (!f.until([&] { return hung[3].lost == "broken"; }, 5s) ||
        second->token() <= hung[3].token) {
        return fail("the holder was not told, or the token did not rise");
    }
    second->mark_consistent();
    (void)second->release();

    // ---- one whose whole process has stopped
    if (!start_member("job-2", "127.0.0.1:0", "hangs") ||
        !f.until([&] { return hung[4].token.value != 0; }, 20s)) {
        return fail("no peer holds the lock");
    }
    const auto whom = me->inspect("nightly")->holders.at(0).peer;
    auto third = me->lock_future("nightly", {.wait = 60s});
    say("SIGSTOP to job-2: its library stops, too");
    kill(f.all[4].id, SIGSTOP);
    at = clock_type::now();
    say("ann breaks it, and waits for 200 ms");
    const auto told = me->break_hold("nightly", hung[4].token, as_ann("it is stopped", 200ms));
    say(std::string{"  "} + words_for(told ? told->stage : holdfast::break_stage::no_answer));
    say("ann evicts job-2");
    if (const auto evicted = me->evict(whom, as_ann("it is stopped", 10s)); !evicted) {
        return fail("it was not evicted: " + evicted.error().text);
    }
    say("  it is no member any more, " + seconds_since(at) + " after it was stopped");
    const auto last = third.get();
    if (!last) {
        return fail("the next in turn was not granted it");
    }
    say("  its lease is over, and the lock granted to the next in turn, " + seconds_since(at) +
        " after it was stopped");
    say("SIGCONT to job-2");
    kill(f.all[4].id, SIGCONT);
    if (!f.until([&] { return !hung[4].lost.empty(); }, 10s)) {
        return fail("the resumed holder did not notice that it had lost");
    }

    // ---- what was done
    const auto records = me->audit_log();
    if (!records || records->records.size() != 4) {
        return fail("the record is not complete");
    }
    std::printf("\nThe record, as the seats keep it:\n");
    for (const auto& r : records->records) {
        const std::time_t when = r.at_ms / 1000;
        char text[32];
        std::strftime(text, sizeof text, "%H:%M:%S", std::gmtime(&when));
        const char* what = r.what == holdfast::admin_action::requested_release ? "asked"
                           : r.what == holdfast::admin_action::broke           ? "broke the hold of"
                                                                               : "evicted";
        std::printf("  %s  %s %s %s (%s): %s, %lld ms\n", text, r.who.c_str(), what,
                    r.whom_name.c_str(), r.why.c_str(), words_for(r.outcome.stage),
                    static_cast<long long>(r.took.count()));
    }
    f.let_all_leave();
    if (!f.until([&] { return f.have_all_ended(); }, 30s)) {
        return fail("some did not end");
    }
    std::printf(
        "\nNobody's lock was taken while it could be used: a library gave it up, or a lease was "
        "waited out.\n");
    return 0;
}
