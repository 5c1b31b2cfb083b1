// file_gate: who is let in, what its marks survive, and every point at which its process or its
// machine can die.
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <functional>
#include <stdexcept>
#include <vector>

#include <holdfast/file_gate.hpp>

#include "catch.hpp"
#include "disk.hpp"
#include "folder.hpp"
#include "late_writer.hpp"

using holdfast::file_gate;
using holdfast::token;
using test_support::content_of;
using test_support::folder;
using test_support::put;
using answer = file_gate::answer;

namespace {

constexpr token first{10}, older{15}, second{20};
const std::string old_content = "what was there before", new_content = "the new content";

/// Runs `what` in a process of its own; its exit code, `disk::died` when it met its trouble, 0 when
/// `what` came to its end.
int in_child(const std::function<void()>& what) {
    const auto id = fork();
    if (id == 0) {
        what();
        _exit(0);
    }
    int status = 0;
    waitpid(id, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct guarded {
    folder place;
    std::string path = place / "guarded";
    file_gate gate{path};

    guarded() { REQUIRE(gate.write(first, old_content)); }

    /// After any trouble of a write of `new_content` with the token `second`.
    void is_sound() const {
        const auto content = content_of(path);
        CAPTURE(content, content_of(path + ".gate"));
        CHECK((content == old_content || content == new_content));
        const auto late = gate.write(older, "late");
        CAPTURE(late.text);
        if (content == new_content) {
            CHECK(late.is == answer::refused);
            CHECK(content_of(path) == new_content);
        } else {
            CHECK((late.is == answer::refused || late.is == answer::done));
        }
        CHECK(gate.write(second, new_content));
        CHECK(content_of(path) == new_content);
    }
};

int calls_of_a_write() {
    const guarded g;
    disk::plan(0, disk::trouble::none);
    REQUIRE(g.gate.write(second, new_content));
    return disk::calls();
}

}  // namespace

TEST_CASE("a file is written unless a newer token has written", "[file]") {
    guarded g;
    CHECK(content_of(g.path) == old_content);
    CHECK(g.gate.write(second, "newer"));
    const auto late = g.gate.write(older, "late");
    CHECK(late.is == answer::refused);
    CHECK(late.text.find(g.path) != std::string::npos);
    CHECK_FALSE(late);
    CHECK(content_of(g.path) == "newer");
    CHECK(g.gate.write(second, "again"));
    CHECK(content_of(g.path) == "again");
    CHECK(g.gate.write({0}, "nil").is == answer::refused);
    CHECK(g.gate.write({-1}, "negative").is == answer::refused);
    CHECK(content_of(g.path) == "again");
}

TEST_CASE("shared tokens pass one another, and no exclusive one", "[file]") {
    const guarded g;
    int runs = 0;
    const auto act = [&] { ++runs; };
    CHECK(g.gate.run({30}, holdfast::access::shared, act));
    CHECK(g.gate.run({25}, holdfast::access::shared, act));
    CHECK(g.gate.run({29}, act).is == answer::refused);
    CHECK(g.gate.run({31}, act));
    CHECK(g.gate.run({30}, holdfast::access::shared, act).is == answer::refused);
    CHECK(runs == 3);
}

TEST_CASE("what an action throws comes out, and the gate goes on", "[file]") {
    const guarded g;
    CHECK_THROWS_AS(g.gate.run(second, [] { throw std::runtime_error{"no"}; }), std::runtime_error);
    CHECK(g.gate.write(older, "late").is == answer::refused);
    CHECK(g.gate.write(second, new_content));
}

TEST_CASE("a child forked at the gate does not keep it closed", "[file]") {
    const guarded g;
    int hold_on[2];
    REQUIRE(pipe(hold_on) == 0);
    pid_t child = -1;
    REQUIRE(g.gate.run(second, [&] {
        child = fork();
        if (child == 0) {
            char byte = 0;
            close(hold_on[1]);
            _exit(read(hold_on[0], &byte, 1) == 0 ? 0 : 1);
        }
    }));
    const auto lock = open((g.path + ".gate.lock").c_str(), O_RDWR | O_CLOEXEC);
    CHECK(flock(lock, LOCK_EX | LOCK_NB) == 0);
    close(lock);
    close(hold_on[1]);
    close(hold_on[0]);
    waitpid(child, nullptr, 0);
}

TEST_CASE("a file keeps its permissions, and may be named without its folder", "[file]") {
    const guarded g;
    REQUIRE(chmod(g.path.c_str(), 0640) == 0);
    CHECK(g.gate.write(second, new_content));
    struct stat now {};
    REQUIRE(stat(g.path.c_str(), &now) == 0);
    CHECK((now.st_mode & 07777) == 0640);
    CHECK(in_child([&] {
              _exit(chdir(g.place.path().c_str()) == 0 &&
                            file_gate{"guarded"}.write({21}, "from inside")
                        ? 0
                        : 1);
          }) == 0);
    CHECK(content_of(g.path) == "from inside");
}

TEST_CASE("a link that has the name of the new file is not followed", "[file]") {
    const guarded g;
    const auto precious = g.place / "precious";
    put(precious, "precious");
    REQUIRE(symlink(precious.c_str(), (g.path + ".gate.new").c_str()) == 0);
    CHECK(g.gate.write(second, new_content));
    CHECK(content_of(g.path) == new_content);
    CHECK(content_of(precious) == "precious");
}

TEST_CASE("a link that has the name of the lock or of the marks is not followed", "[file]") {
    for (const auto* name : {".gate.lock", ".gate"}) {
        const guarded g;
        INFO(name);
        const auto precious = g.place / "precious";
        put(precious, "precious");
        std::remove((g.path + name).c_str());
        REQUIRE(symlink(precious.c_str(), (g.path + name).c_str()) == 0);
        const auto done = g.gate.write(second, new_content);
        CHECK(done.is == answer::failed);
        CHECK(done.text.find(g.path + name) != std::string::npos);
        CHECK(content_of(g.path) == old_content);
        CHECK(content_of(precious) == "precious");
    }
}

TEST_CASE("a pipe that has the name of the marks keeps no writer waiting", "[file]") {
    const guarded g;
    std::remove((g.path + ".gate").c_str());
    REQUIRE(mkfifo((g.path + ".gate").c_str(), 0600) == 0);
    CHECK(g.gate.write(second, new_content).is == answer::damaged);
    CHECK(content_of(g.path) == old_content);
}

TEST_CASE("what cannot be reached is an error", "[file]") {
    const folder f;
    const auto done = file_gate{f / "missing/guarded"}.write(first, "x");
    CHECK(done.is == answer::failed);
    CHECK(done.text.find(f / "missing/guarded") != std::string::npos);
}

TEST_CASE("damaged marks let no token in", "[file]") {
    const guarded g;
    const auto marks = g.path + ".gate";
    const auto good = content_of(marks);
    const auto is_refused = [&](const std::string& bad) {
        CAPTURE(bad);
        put(marks, bad);
        for (const auto t : {first, second, token{INT64_MAX}}) {
            const auto done = g.gate.write(t, "let in");
            CHECK(done.is == answer::damaged);
            CHECK(done.text.find(marks) != std::string::npos);
        }
        CHECK(content_of(g.path) == old_content);
        CHECK(content_of(marks) == bad);
    };
    for (std::size_t i = 0; i < good.size(); ++i) {
        is_refused(good.substr(0, i));
        for (const char other : {'0', '9', '\0', '\n'}) {
            if (good[i] != other) {
                auto bad = good;
                bad[i] = other;
                is_refused(bad);
            }
        }
    }
    is_refused(good + "\n");
    is_refused(good + good);
    is_refused(std::string(4096, 'x'));
    put(marks, good);
    CHECK(g.gate.write(first, "restored"));
}

TEST_CASE("a call that fails leaves the file whole, and another try does it", "[file]") {
    const auto calls = calls_of_a_write();
    for (int at = 1; at <= calls; ++at) {
        CAPTURE(at);
        const guarded g;
        disk::plan(at, disk::trouble::error);
        const auto done = g.gate.write(second, new_content);
        disk::calls();
        CHECK(done.is == answer::failed);
        CHECK_FALSE(done.text.empty());
        g.is_sound();
    }
}

TEST_CASE(
    "a process killed at any point leaves the file whole, and no older token gets in after it",
    "[file]") {
    const auto calls = calls_of_a_write();
    for (int at = 1; at <= calls + 1; ++at) {
        CAPTURE(at);
        const guarded g;
        CHECK(in_child([&] {
                  disk::plan(at, disk::trouble::kill);
                  (void)g.gate.write(second, new_content);
              }) == (at <= calls ? disk::died : 0));
        g.is_sound();
    }
}

TEST_CASE("a power cut at any point does neither", "[file]") {
    const auto calls = calls_of_a_write();
    // The first try fails in one call or in none, so that what it has left unsynced is part of what
    // the cut can take.
    for (int fails = 0; fails <= calls; ++fails) {
        for (int at = 1; at <= calls; ++at) {
            for (unsigned lost = 0; lost < 8; ++lost) {
                CAPTURE(fails, at, lost);
                const guarded g;
                in_child([&] {
                    if (fails > 0) {
                        disk::plan(fails, disk::trouble::error);
                        (void)g.gate.write(second, new_content);
                    }
                    disk::plan(at, disk::trouble::power_cut, lost);
                    (void)g.gate.write(second, new_content);
                });
                g.is_sound();
            }
        }
    }
}

TEST_CASE("a write that is done survives a power cut right after it", "[file]") {
    const guarded g;
    CHECK(in_child([&] {
              disk::plan(0, disk::trouble::none);
              if (g.gate.write(second, new_content)) {
                  disk::cut_power(7);
              }
          }) == disk::died);
    CHECK(content_of(g.path) == new_content);
    g.is_sound();
}

TEST_CASE("an action runs after the marks are on the disk", "[file]") {
    const guarded g;
    CHECK(in_child([&] {
              disk::plan(0, disk::trouble::none);
              (void)g.gate.run(second, [] { disk::cut_power(7); });
          }) == disk::died);
    CHECK(g.gate.write(older, "late").is == answer::refused);
}

TEST_CASE(
    "processes that write at the same time leave the newest content, and none sees half of one",
    "[file]") {
    const guarded g;
    const auto content = [](int t) { return std::string(10'000, static_cast<char>('a' + t % 26)); };
    std::vector<pid_t> writers;
    for (int w = 0; w < 4; ++w) {
        writers.push_back(fork());
        if (writers.back() == 0) {
            bool failed = false;
            for (int t = 100 + w; t < 140; t += 4) {
                const auto done = g.gate.write({t}, content(t));
                failed = failed || (done.is != answer::done && done.is != answer::refused);
            }
            _exit(failed ? 1 : 0);
        }
    }
    for (const auto id : writers) {
        int status = 0;
        do {
            const auto seen = content_of(g.path);
            if (seen != old_content && seen != std::string(10'000, seen.empty() ? ' ' : seen[0])) {
                FAIL_CHECK("half a content: " << seen.size());
            }
        } while (waitpid(id, &status, WNOHANG) == 0);
        CHECK(status == 0);
    }
    CHECK(content_of(g.path) == content(139));
}

TEST_CASE("a holder that wakes up late does not change the file", "[file]") {
    const folder f;
    const auto path = f / "guarded";
    test_support::wakes_up_late(test_support::by_program(HOLDFAST_FENCED_FILE, path), [&] {
        const auto line = content_of(path);
        return line.substr(0, line.find('\n'));
    });
}
