// A holder that is stopped and wakes up late: every gate must refuse its write.
#pragma once

#include <sys/wait.h>

#include <functional>
#include <list>
#include <string>

#include "catch.hpp"
#include "child.hpp"
#include "free_ports.hpp"

namespace test_support {

/// How a holder comes to the guarded resource.
struct way {
    /// Makes it write `text` with its token as soon as it runs, whether it still holds the lock or
    /// not.
    std::function<void(const child& holder, const std::string& text)> ask;
    /// What came of that: 0 written, 3 refused.
    std::function<int(child& holder, const std::string& text)> answer;
};

/// By a program that is called with WHERE TOKEN TEXT.
inline way by_program(const std::string& program, const std::string& where) {
    return {[=](const child& holder, const std::string& text) {
                holder.say("write guarded " + program + " " + where + " " + text);
            },
            [](child& holder, const std::string&) {
                const auto wrote = holder.expect("wrote ");
                return wrote ? std::stoi(wrote->text.substr(std::string{"wrote "}.size())) : -1;
            }};
}

/// Of three real peers one takes the lock, writes "first", and is stopped when it is about to write
/// "late". Another is granted the lock and writes "second". Then the first goes on, and must be
/// refused. `content()` is the resource's.
inline void wakes_up_late(const way& to_resource, const std::function<std::string()>& content) {
    const auto seeds = free_addresses(3);
    std::list<child> peers;
    for (const auto& at : seeds) {
        peers.emplace_back(std::vector<std::string>{HOLDFAST_WORKER, at, at,
                                                    seeds[0] + "," + seeds[1] + "," + seeds[2]});
    }
    for (auto& p : peers) {
        REQUIRE(p.expect("ready"));
    }
    const auto lock = [](child& p) {
        const std::string held = "held guarded ";
        p.say("lock guarded");
        const auto got = p.expect(held, std::chrono::seconds{60});
        REQUIRE(got);
        return std::stoll(got->text.substr(held.size()));
    };
    const auto write = [&](child& p, const std::string& text) {
        to_resource.ask(p, text);
        return to_resource.answer(p, text);
    };
    auto& late = peers.front();
    auto& later = peers.back();

    const auto old_token = lock(late);
    CHECK(write(late, "first") == 0);
    CHECK(content() == "first");
    late.kill(SIGSTOP);
    siginfo_t stopped{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(late.id()), &stopped, WSTOPPED) == 0);
    // it looked at its hold before, and is past the point of looking again
    to_resource.ask(late, "late");
    CHECK(lock(later) > old_token);
    CHECK(write(later, "second") == 0);

    late.kill(SIGCONT);
    CHECK(to_resource.answer(late, "late") == 3);
    CHECK(late.expect("lost guarded "));
    CHECK(content() == "second");
    CHECK(write(later, "third") == 0);  // who was let in before is let in again
    CHECK(content() == "third");
}

}  // namespace test_support
