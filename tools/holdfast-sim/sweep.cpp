#include "sweep.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace holdfast::sim {
namespace {

thread_local std::optional<options> running;

template <std::size_t kinds>
void add_each(std::array<std::uint64_t, kinds>& to, const std::array<std::uint64_t, kinds>& more) {
    for (std::size_t i = 0; i < kinds; ++i) {
        to[i] += more[i];
    }
}

template <class Kind, std::size_t kinds>
void name_missing(const std::array<std::uint64_t, kinds>& counts, std::vector<std::string>& out) {
    for (std::size_t i = 0; i < kinds; ++i) {
        if (counts[i] == 0) {
            out.emplace_back(to_string(static_cast<Kind>(i)));
        }
    }
}

}  // namespace

std::vector<std::string> sums::missing() const {
    std::vector<std::string> out;
    name_missing<fault>(faults, out);
    name_missing<trouble>(troubles, out);
    name_missing<base::effect>(effects, out);
    return out;
}

void sums::add(const result& r) {
    ++seeds;
    failed += r.violations.empty() ? 0 : 1;
    for (std::size_t i = 0; i < guarantee_kinds; ++i) {
        excused[i] += r.excused[i] > 0 ? 1 : 0;
    }
    if (r.served_after > served_after) {
        served_after = r.served_after;
        served_last = r.asked.seed;
    }
    grants += r.grants;
    packets += r.net.sent;
    lost += r.net.lost;
    doubled += r.net.doubled;
    spikes += r.net.spikes;
    views_installed += r.processes.views_installed;
    slots_gathered += r.processes.slots_gathered;
    tables_received += r.processes.tables_received;
    holds_lost += r.processes.holds_lost;
    simulated_s += static_cast<double>(r.simulated.count()) / 1e9;
    hash = (hash ^ r.hash) * 0x100000001B3ULL;
    add_each(faults, r.faults);
    add_each(troubles, r.processes.troubles);
    add_each(effects, r.effects);
    for (std::size_t i = 0; i < attack_kinds; ++i) {
        attacks[i].begun += r.attacks[i].begun;
        attacks[i].carried_out += r.attacks[i].carried_out;
    }
}

void sweep(const options& what, const sweep_options& how,
           const std::function<void(const result&)>& each) {
    std::mutex mutex;
    std::uint64_t next = how.from;
    std::uint64_t given = how.from;            // the seed whose result is given next
    std::uint64_t end = how.from + how.seeds;  // a failure pulls it in
    std::map<std::uint64_t, result> waiting;   // that came before their turn

    const auto work = [&] {
        for (;;) {
            options mine = what;
            {
                const std::lock_guard guard{mutex};
                if (next >= end) {
                    return;
                }
                mine.seed = next++;
                mine.nodes = draw_size(how.nodes, mine.seed);
            }
            running = mine;
            auto done = run(mine);
            running.reset();
            const std::lock_guard guard{mutex};
            if (how.stops_at_first_failure && !done.violations.empty()) {
                end = std::min(end, mine.seed + 1);
            }
            waiting.emplace(mine.seed, std::move(done));
            for (auto at = waiting.find(given); at != waiting.end() && given < end;
                 at = waiting.find(given)) {
                each(at->second);
                waiting.erase(at);
                ++given;
            }
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < how.jobs; ++i) {
        threads.emplace_back(work);
    }
    work();
    for (auto& t : threads) {
        t.join();
    }
}

std::optional<options> running_here() { return running; }

}  // namespace holdfast::sim
