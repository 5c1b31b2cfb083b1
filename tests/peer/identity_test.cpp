#include "peer/identity.hpp"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "catch.hpp"
#include "peer/process_watcher.hpp"

using namespace holdfast;
using namespace holdfast::runtime;

namespace {

/// A process of its own that does nothing until it is killed.
struct child {
    pid_t pid = ::fork();
    child() {
        if (pid == 0) {
            for (;;) {
                ::pause();
            }
        }
    }
    ~child() {
        if (pid > 0) {
            end();
        }
    }
    void kill_it() const { REQUIRE(::kill(pid, SIGKILL) == 0); }
    void end() {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        pid = -1;
    }
    [[nodiscard]] process_identity identity(std::uint64_t started) const {
        return {own_identity().machine, static_cast<std::uint32_t>(pid), started};
    }
};

/// Its start time is found by trying: at any other it is taken for another process.
process_identity found_identity(const child& of, const process_identity& mine) {
    auto out = of.identity(mine.started);
    while (look_for(out).is_gone && out.started < mine.started + 10'000'000) {
        ++out.started;
    }
    return out;
}

/// What `look` answers in an inner process namespace, whose /proc is the outer one. Nothing: this
/// user may make none.
std::optional<bool> in_an_inner_namespace(bool (*look)()) {
    constexpr int yes = 0;
    constexpr int no = 1;
    constexpr int not_allowed = 2;
    const pid_t outer = ::fork();
    if (outer == 0) {
        if (::unshare(CLONE_NEWPID) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
            ::_exit(not_allowed);
        }
        const pid_t inner = ::fork();
        if (inner == 0) {
            ::_exit(look() ? yes : no);
        }
        int status = 0;
        ::_exit(inner > 0 && ::waitpid(inner, &status, 0) == inner && WIFEXITED(status)
                    ? WEXITSTATUS(status)
                    : not_allowed);
    }
    int status = 0;
    REQUIRE(::waitpid(outer, &status, 0) == outer);
    REQUIRE(WIFEXITED(status));
    const int answer = WEXITSTATUS(status);
    return answer == not_allowed ? std::nullopt : std::optional{answer == yes};
}

bool becomes_readable(int descriptor) {
    pollfd waits{descriptor, POLLIN, 0};
    return ::poll(&waits, 1, 10'000) == 1;
}

}  // namespace

TEST_CASE("CERT-3: this process is there, and is told apart from one with its id") {
    auto mine = own_identity();
    if (mine.machine == 0) {
        WARN("/proc is that of another namespace: not tried");
        return;
    }
    CHECK_FALSE(look_for(mine).is_gone);
    ++mine.started;
    CHECK(look_for(mine).is_gone);
}

TEST_CASE("CERT-3: under the /proc of an outer process namespace a process has no identity") {
    if (own_identity().machine == 0) {
        WARN("/proc is that of another namespace: not tried");
        return;
    }
    // The process that has its id there is another, and is not asked for it.
    const auto is_unknown = in_an_inner_namespace(
        [] { return ::getpid() == 1 && own_identity() == process_identity{}; });
    if (!is_unknown) {
        WARN("this user may make no process namespace: not tried");
        return;
    }
    CHECK(*is_unknown);
}

TEST_CASE("CERT-3: a process that has ended is gone, also before it is reaped") {
    const auto mine = own_identity();
    if (mine.machine == 0) {
        WARN("/proc is that of another namespace: not tried");
        return;
    }
    child other;
    // One that was started at another moment: as long as the id is taken by `other` it is gone.
    CHECK(look_for(other.identity(1)).is_gone);
    process_watcher watcher;
    const auto as_it_is = found_identity(other, mine);
    REQUIRE(watcher.watch({0, 7}, as_it_is));
    CHECK(watcher.take_ended().empty());
    other.kill_it();
    REQUIRE(becomes_readable(watcher.descriptor()));
    CHECK(watcher.take_ended() == std::vector{peer_id{0, 7}});
    CHECK(watcher.take_ended().empty());
    CHECK(look_for(as_it_is).is_gone);  // a zombie: none of its threads runs any more
    CHECK_FALSE(watcher.watch({0, 7}, as_it_is));
    other.end();
    CHECK(look_for(as_it_is).is_gone);
}

TEST_CASE("CERT-3: a process that is watched no more is not told of, whatever is forked") {
    const auto mine = own_identity();
    if (mine.machine == 0) {
        WARN("/proc is that of another namespace: not tried");
        return;
    }
    child other;
    process_watcher watcher;
    REQUIRE(watcher.watch({0, 7}, found_identity(other, mine)));
    const child keeps_the_descriptors;
    SECTION("one") { watcher.unwatch({0, 7}); }
    SECTION("all") { watcher.clear(); }
    other.kill_it();
    ::waitpid(other.pid, nullptr, 0);
    other.pid = -1;
    pollfd waits{watcher.descriptor(), POLLIN, 0};
    CHECK(::poll(&waits, 1, 0) == 0);
    CHECK(watcher.take_ended().empty());
}
