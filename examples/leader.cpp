// One of many processes leads; when it dies another does, with a higher token.
//
//   leader NAME LISTEN SEED[,SEED...]
//
// Prints one line for each thing that happens, and leaves when its standard input ends.
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <holdfast/holdfast.hpp>

using namespace std::chrono_literals;

namespace {

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> out;
    std::istringstream in{list};
    for (std::string one; std::getline(in, one, ',');) {
        out.push_back(one);
    }
    return out;
}

void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: leader NAME LISTEN SEED[,SEED...]\n");
        return 64;
    }
    const std::string name = argv[1];
    auto peer = holdfast::peer::start({.name = name,
                                       .listen = argv[2],
                                       .seeds = split(argv[3]),
                                       .cluster = "leader-example",
                                       .profile = holdfast::profile::local});
    if (!peer) {
        std::fprintf(stderr, "%s\n", peer.error().text.c_str());
        return 1;
    }
    const auto election = peer->election("scheduler");
    const auto watching = election.observe([&](const holdfast::leader& now) {
        say(now.exists ? "sees " + now.note.value_or("?") + " " + std::to_string(now.token.value)
                       : "sees no leader");
    });

    std::stop_source ending;
    if (const auto ready = peer->wait_ready(30s); ready) {
        say("joined");
    } else {
        std::fprintf(stderr, "%s\n", ready.error().text.c_str());
    }
    std::jthread until_input_ends{[&] {
        char byte = 0;
        while (read(STDIN_FILENO, &byte, 1) > 0) {
        }
        ending.request_stop();
    }};

    while (!ending.stop_requested()) {
        auto term = election.campaign({.stop = ending.get_token(), .note = name});
        if (!term) {
            if (term.error().code != holdfast::errc::cancelled) {
                std::fprintf(stderr, "%s\n", term.error().text.c_str());
            }
            continue;
        }
        say("leads " + std::to_string(term->token().value));
        // A leader works here, and looks at `term` before each step that must not be done twice.
        std::mutex mutex;
        std::condition_variable_any changed;
        bool is_over = false;
        const auto wake = [&] {
            const std::lock_guard guard{mutex};
            is_over = true;
            changed.notify_all();
        };
        {
            const std::stop_callback on_lost{term->lost(), wake};
            const std::stop_callback on_end{ending.get_token(), wake};
            std::unique_lock guard{mutex};
            changed.wait(guard, [&] { return is_over; });
        }
        if (const auto why = term->why_lost()) {
            say("lost " + std::to_string(term->token().value) + " " + std::string{to_string(*why)});
        }
    }
    say(peer->leave() ? "left" : "stopped");
    return 0;
}
