// Five processes elect a leader; it is killed; another is stopped and resumed. What `./dev demo`
// shows.
#include <optional>

#include "processes.hpp"

using namespace demonstration;

namespace {

struct worker {
    std::optional<long long> leads;
    std::optional<long long> lost;
    bool has_joined = false;
};

}  // namespace

int main(int, char** argv) {
    signal(SIGPIPE, SIG_IGN);
    const std::string self = argv[0];
    const auto program = self.substr(0, self.rfind('/') + 1) + "leader";
    const auto addresses = free_addresses(5);
    const auto seeds = addresses[0] + "," + addresses[1] + "," + addresses[2];

    std::printf("Five processes, three of them seats, lease 1 s. No server.\n\n");
    fleet f;
    std::vector<worker> workers(5);
    f.heed = [&](std::size_t at, const std::string& line) {
        auto& w = workers[at];
        const auto& name = f.all[at].name;
        if (line == "joined") {
            w.has_joined = true;
        } else if (line.starts_with("leads ")) {
            w.leads = std::atoll(line.c_str() + 6);
            w.lost.reset();
            say(name + " leads, token " + line.substr(6));
        } else if (line.starts_with("lost ")) {
            w.lost = std::atoll(line.c_str() + 5);
            say(name + " reports its term lost: " + line.substr(5));
        } else if (line == "left") {
            say(name + " has left");
        }
    };
    for (std::size_t i = 0; i < 5; ++i) {
        const auto name = "worker-" + std::to_string(i + 1);
        f.all.push_back(start(name, {program, name, addresses[i], seeds}));
    }
    const auto all_joined = [&] {
        for (const auto& w : workers) {
            if (!w.has_joined) {
                return false;
            }
        }
        return true;
    };
    const auto leader = [&]() -> std::optional<std::size_t> {
        for (std::size_t i = 0; i < 5; ++i) {
            if (workers[i].leads && !workers[i].lost && !f.all[i].has_ended) {
                return i;
            }
        }
        return std::nullopt;
    };
    if (!f.until([&] { return all_joined() && leader(); }, 20s)) {
        return fail("no peer leads");
    }
    say("all five are members");
    const auto first = *leader();
    const auto first_token = *workers[first].leads;

    say("SIGKILL to " + f.all[first].name);
    auto at = clock_type::now();
    kill(f.all[first].id, SIGKILL);
    if (!f.until([&] { return f.all[first].has_ended && leader(); }, 20s)) {
        return fail("no peer took over");
    }
    say("taken over after " + seconds_since(at) + ", with a higher token");
    if (*workers[*leader()].leads <= first_token) {
        return fail("the token did not rise");
    }
    const auto name = f.all[first].name;
    workers[first] = {};
    f.all[first] = start(name, {program, name, addresses[first], seeds});
    if (!f.until(all_joined, 20s)) {
        return fail("the killed one did not come back");
    }
    say(name + " is back, as another peer");
    const auto second = *leader();
    const auto second_token = *workers[second].leads;

    say("SIGSTOP to " + f.all[second].name + ", for longer than the lease");
    at = clock_type::now();
    kill(f.all[second].id, SIGSTOP);
    const auto another_leads = [&] {
        for (std::size_t i = 0; i < 5; ++i) {
            if (i != second && !f.all[i].has_ended && workers[i].leads &&
                *workers[i].leads > second_token) {
                return true;
            }
        }
        return false;
    };
    if (!f.until(another_leads, 20s)) {
        return fail("no peer took over from the stopped one");
    }
    say("taken over after " + seconds_since(at));
    say("SIGCONT to " + f.all[second].name);
    kill(f.all[second].id, SIGCONT);
    if (!f.until([&] { return workers[second].lost.has_value(); }, 20s)) {
        return fail("the resumed leader did not notice that it had lost");
    }

    say("all leave");
    f.let_all_leave();
    if (!f.until([&] { return f.have_all_ended(); }, 30s)) {
        return fail("some did not end");
    }
    std::printf("\nOne leader at a time, rising tokens, and the one that slept knew it.\n");
    return 0;
}
