// A peer that does what it is told on its standard input and says on its standard output what
// happens to it:
//
//   worker NAME LISTEN SEED,SEED,SEED
//
//   lock NAME         -> held NAME TOKEN | failed NAME ERROR     (in a thread of its own; later:
//   lost NAME TOKEN ERROR) release NAME      -> released NAME TOKEN | released NAME ERROR valid
//   NAME        -> valid NAME TOKEN yes|no owner NAME        -> owner NAME PEER_NAME ahead -> ahead
//   SECONDS                            by which the view's epoch is ahead of the wall clock write
//   NAME PROGRAM FILE TEXT -> wrote EXIT_CODE              writes with the token of NAME, whether
//   it is held or not die-in-ballot     -> armed                                   SIGKILL to
//   itself in the next ballot it starts
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <holdfast/holdfast.hpp>

using namespace std::chrono_literals;

namespace {

std::mutex said;

void say(const std::string& text) {
    const std::lock_guard guard{said};
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
}

int run(const std::vector<std::string>& command) {
    const auto id = fork();
    if (id == 0) {
        std::vector<char*> arguments;
        for (const auto& one : command) {
            arguments.push_back(const_cast<char*>(one.c_str()));
        }
        arguments.push_back(nullptr);
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    int status = 0;
    waitpid(id, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string from_environment(const char* name) {
    const auto* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        return 64;
    }
    std::vector<std::string> seeds;
    std::istringstream list{argv[3]};
    for (std::string one; std::getline(list, one, ',');) {
        seeds.push_back(one);
    }
    auto started = holdfast::peer::start(
        {.name = argv[1],
         .listen = argv[2],
         .advertise = from_environment("HOLDFAST_WORKER_ADVERTISE"),
         .seeds = seeds,
         .cluster = "process-test",
         .profile = holdfast::profile::local,
         .key = from_environment("HOLDFAST_WORKER_KEY"),
         .watchdog = std::getenv("HOLDFAST_WORKER_WATCHDOG") != nullptr,
         .on_event = [name = std::string{argv[1]}](const holdfast::event& e) {
             const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(
                                 std::chrono::steady_clock::now().time_since_epoch())
                                 .count() %
                             1000000;
             std::fprintf(stderr, "%6lld %s: %s\n", static_cast<long long>(at), name.c_str(),
                          holdfast::to_string(e).c_str());
             if (std::holds_alternative<holdfast::events::restarted>(e)) {
                 say("restarted");
             }
         }});
    if (!started) {
        say("failed " + started.error().text);
        return 1;
    }
    auto& peer = *started;
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<holdfast::hold>> holds;
    std::vector<std::jthread> threads;
    std::stop_source ending;
    threads.emplace_back([&] {
        if (peer.wait_ready(30s, ending.get_token())) {
            say("ready");
        }
    });

    for (std::string text; std::getline(std::cin, text);) {
        std::istringstream words{text};
        std::string verb, name;
        words >> verb >> name;
        const auto hold_of = [&] {
            const std::lock_guard guard{mutex};
            const auto at = holds.find(name);
            return at == holds.end() ? nullptr : at->second;
        };
        if (verb == "lock") {
            threads.emplace_back([&, name] {
                auto h = peer.lock(
                    name, {.stop = ending.get_token(), .on_lost = [name](holdfast::errc why) {
                               say("lost " + name + " " + std::string{to_string(why)});
                           }});
                if (!h) {
                    say("failed " + name + " " + std::string{to_string(h.error().code)});
                    return;
                }
                const auto text_of_token = std::to_string(h->token().value);
                {
                    const std::lock_guard guard{mutex};
                    holds.insert_or_assign(name, std::make_shared<holdfast::hold>(std::move(*h)));
                }
                say("held " + name + " " + text_of_token);
            });
        } else if (verb == "release") {
            const auto h = hold_of();
            const auto done = h->release();
            say("released " + name + " " +
                (done ? std::to_string(h->token().value)
                      : std::string{to_string(done.error().code)}));
        } else if (verb == "valid") {
            const auto h = hold_of();
            say("valid " + name + " " + std::to_string(h->token().value) +
                (h->is_valid() ? " yes" : " no"));
        } else if (verb == "owner") {
            const auto m = peer.owner_of(name);
            say("owner " + name + " " + (m ? m->name : "?"));
        } else if (verb == "ahead") {
            const auto since_2024 = std::chrono::system_clock::now() -
                                    std::chrono::sys_days{std::chrono::January / 1 / 2024};
            const auto v = peer.view();
            say("ahead " +
                std::to_string((v ? std::int64_t{v->epoch.value} : 0) -
                               std::chrono::floor<std::chrono::seconds>(since_2024).count()));
        } else if (verb == "view") {
            const auto v = peer.view();
            auto members = "view " + (v ? std::to_string(v->number.value) : "none");
            for (const auto& m : v ? v->members : std::vector<holdfast::member>{}) {
                members += " " + to_string(m.id);
            }
            say(members);
        } else if (verb == "write") {
            std::string program, file, content;
            words >> program >> file >> content;
            say("wrote " +
                std::to_string(
                    run({program, file, std::to_string(hold_of()->token().value), content})));
        } else if (verb == "die-in-ballot") {
            threads.emplace_back([&peer, before = peer.stats().ballots_started,
                                  stop = ending.get_token()] {
                std::mutex unused;
                std::condition_variable_any never;
                std::unique_lock guard{unused};
                // Looks often enough to see the ballot begin, and seldom enough to leave the peer
                // its own mutex.
                while (!never.wait_for(guard, stop, 100us,
                                       [&] { return peer.stats().ballots_started != before; })) {
                    if (stop.stop_requested()) {
                        return;
                    }
                }
                kill(getpid(), SIGKILL);
            });
            say("armed");
        }
    }
    ending.request_stop();
    threads.clear();
    say(peer.leave() ? "left" : "stopped");
    return 0;
}
