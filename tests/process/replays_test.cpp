// SEAL-2, SEAL-3 with real processes: what was recorded of former starts costs no member its place.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <list>
#include <set>

#include "catch.hpp"
#include "child.hpp"
#include "eavesdropper.hpp"
#include "free_ports.hpp"

using namespace std::chrono_literals;
using namespace process_tests;
using test_support::child;
using test_support::steady;

namespace {

struct sealed_seats {
    std::vector<std::string> all = test_support::free_addresses(4);
    std::string behind = all[3];
    std::string seeds = all[0] + "," + all[1] + "," + all[2];
    eavesdropper between{all[0], behind};  // the first is reached through it
    std::list<child> workers;
    std::vector<child*> at = std::vector<child*>(3);

    sealed_seats() {
        const auto key = std::string{"2f1c9d"} + std::string(58, '7');
        setenv("HOLDFAST_WORKER_KEY", key.c_str(), 1);
        for (std::size_t i = 0; i < 3; ++i) {
            start(i);
        }
        are_ready();
    }
    ~sealed_seats() { unsetenv("HOLDFAST_WORKER_KEY"); }
    sealed_seats(const sealed_seats&) = delete;
    sealed_seats& operator=(const sealed_seats&) = delete;

    void start(std::size_t i) {
        if (i == 0) {
            setenv("HOLDFAST_WORKER_ADVERTISE", all[0].c_str(), 1);
        }
        workers.emplace_back(std::vector<std::string>{HOLDFAST_WORKER, "w" + std::to_string(i),
                                                      i == 0 ? behind : all[i], seeds});
        unsetenv("HOLDFAST_WORKER_ADVERTISE");
        at[i] = &workers.back();
    }
    void restart(std::size_t i) {
        at[i]->kill(SIGKILL);
        REQUIRE(at[i]->wait() == -SIGKILL);
        start(i);
    }
    void are_ready() {
        for (auto* w : at) {
            REQUIRE(w->expect("ready"));
        }
    }
    /// The PeerIds there, and the view.
    std::string members(std::size_t asked) {
        at[asked]->say("view");
        const auto got = at[asked]->expect("view ");
        REQUIRE(got);
        return got->text;
    }
};

}  // namespace

TEST_CASE("SEAL-3: what was recorded before the seats were started again removes none of them",
          "[process]") {
    sealed_seats f;
    for (const std::size_t i : {1, 2, 1}) {  // one after another
        f.restart(i);
        REQUIRE(f.at[i]->expect("ready"));
    }
    for (const std::size_t i : {0, 1, 2}) {  // and all at once
        f.restart(i);
    }
    f.are_ready();
    const auto recorded = f.between.recorded();
    REQUIRE(recorded.size() > 20);

    const auto before = f.members(0);
    // Of each sender, and of each size that it sent, the first: joins and pings among them.
    std::set<std::pair<std::string, std::size_t>> kinds;
    std::vector<std::string> chosen;
    for (const auto& packet : recorded) {
        if (kinds.insert({packet.substr(1, 16), packet.size()}).second) {
            chosen.push_back(packet);
        }
    }
    // The condition is that nothing happens, so it takes as long as it would have taken.
    const auto until = steady::now() + 8s;
    for (std::size_t sent = 0; steady::now() < until; ++sent) {
        for (const auto& to : {f.behind, f.all[1], f.all[2]}) {
            f.between.send(chosen[sent % chosen.size()], to);
        }
        for (auto* w : f.at) {
            const auto lost = w->expect("restarted", 100ms);
            CHECK_FALSE(lost);
        }
    }
    CHECK(f.members(0) == before);
    CHECK(f.members(1) == before);
    CHECK(f.members(2) == before);
}
