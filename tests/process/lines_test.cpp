// What a program prints, to a reader that stops and reads on.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

#include "../../tools/holdfast/lines.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using holdfast_tool::line_writer;

namespace {

/// A pipe that holds one page.
struct small_pipe {
    std::array<int, 2> ends{};

    small_pipe() {
        REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
        REQUIRE(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
    }
    ~small_pipe() {
        close(ends[0]);
        close(ends[1]);
    }
    small_pipe(const small_pipe&) = delete;
    small_pipe& operator=(const small_pipe&) = delete;

    /// Waits for it.
    std::string line() {
        while (unread.find('\n') == std::string::npos) {
            std::array<char, 4096> bytes{};
            const auto n = read(ends[0], bytes.data(), bytes.size());
            REQUIRE(n > 0);
            unread.append(bytes.data(), static_cast<std::size_t>(n));
        }
        auto out = unread.substr(0, unread.find('\n'));
        unread.erase(0, out.size() + 1);
        return out;
    }
    std::string unread;
};

}  // namespace

TEST_CASE("a reader that stops costs lines, and is told how many when it reads on") {
    small_pipe to;
    line_writer lines{to.ends[1]};
    constexpr std::size_t many = 5000;
    for (std::size_t i = 0; i < many; ++i) {
        lines.put("line " + std::to_string(i) + "\n");  // never waits
    }
    std::size_t heard = 0;
    auto line = to.line();
    for (; line == "line " + std::to_string(heard); line = to.line()) {
        ++heard;
    }
    CHECK(heard >= line_writer::most_waiting);
    CHECK(line == "holdfast: " + std::to_string(many - heard) +
                      " lines were lost here, for nothing was read");
    lines.put("and on\n");
    CHECK(to.line() == "and on");
}

TEST_CASE("the end of a program does not wait for a reader that has stopped") {
    small_pipe to;
    line_writer lines{to.ends[1]};
    lines.put(std::string(100'000, 'x') + "\n");
    lines.finish(20ms);
    std::stop_source stop;
    stop.request_stop();
    CHECK_FALSE(lines.write("an answer\n", stop.get_token()));
    CHECK(to.line() == std::string(100'000, 'x'));
    CHECK(to.line() == "an answer");
}

TEST_CASE("what is written is written when the call returns") {
    small_pipe to;
    line_writer lines{to.ends[1]};
    CHECK(lines.write("one\n", {}));
    CHECK(to.line() == "one");
    lines.put("two\n");
    lines.finish(20s);
    CHECK(to.line() == "two");
}

TEST_CASE("a reader that is gone ends nothing") {
    small_pipe to;
    line_writer lines{to.ends[1]};
    close(to.ends[0]);
    CHECK_FALSE(lines.write("one\n", {}));
    lines.put("two\n");
    lines.finish(20s);
    to.ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}
