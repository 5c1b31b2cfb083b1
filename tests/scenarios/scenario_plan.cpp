#include "scenario_plan.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace holdfast::scenarios {
namespace {

using namespace std::chrono_literals;

base::settings lan() { return {}; }

/// The times of the preset `local`.
base::settings local() {
    base::settings s;
    s.lease = 1s;
    s.bootstrap_wait = 300ms;
    s.batch_wait = 20ms;
    s.proposer_stagger = 30ms;
    s.retry = 50ms;
    s.probe_period = 100ms;
    s.probe_timeout = 50ms;
    s.gossip_period = 50ms;
    s.dead_probe_period = 1s;
    s.push_pull_period = 5s;
    return s;
}

/// The settings of the line "cluster", each taken once; what is left over is not known.
class settings_reader {
public:
    explicit settings_reader(const scenario& s) : left_{s.cluster} {}

    std::string text(std::string_view name, std::string usual) {
        const auto at = left_.find(name);
        return at == left_.end() ? usual : left_.extract(at).mapped();
    }
    std::uint64_t number(std::string_view name, std::uint64_t usual) {
        return words{0, text(name, std::to_string(usual))}.take_number();
    }
    void finish() const {
        if (!left_.empty()) {
            throw scenario_error{"the line \"cluster\" knows no \"" + left_.begin()->first + "\""};
        }
    }

private:
    std::map<std::string, std::string, std::less<>> left_;
};

}  // namespace

sim::run_plan plan_of(const scenario& s, sim::mutant mutant) {
    settings_reader given{s};
    sim::run_plan plan;
    plan.asked.seed = given.number("seed", 1);
    plan.asked.nodes = given.number("peers", 3);
    plan.asked.mutant = mutant;
    plan.seats = given.number("seats", 3);
    const auto profile = given.text("profile", "local");
    if (profile != "local" && profile != "lan") {
        throw scenario_error{"profile is local or lan"};
    }
    plan.common = profile == "lan" ? lan() : local();
    plan.common.cluster_name = "scenario";
    plan.common.slots = static_cast<std::uint32_t>(given.number("slots", 64));
    plan.has_state_dir = given.text("state_dir", "no") == "yes";
    plan.is_sealed = given.text("sealed", "yes") == "yes";
    plan.replays.is_recording = given.text("recorded", "no") == "yes";
    plan.longest_timer_delay = 100us;
    plan.locks = s.locks;
    const auto zero_weight = given.number("zero_weight", 0);
    // p1 on the first, p2 on the second and so on, round and round
    const auto machines = given.number("machines", 0);
    const auto absent = names_in(given.text("absent", ""));
    const auto later = names_in(given.text("later", ""));
    const auto lease = given.text("lease", "");   // p5:4s
    const auto others = given.text("seeds", "");  // p4,p5:p3,p4,p5
    const auto ahead = given.text("ahead", "");   // p1,p2:100s
    const auto colon = ahead.find(':');
    const auto fast = names_in(ahead.substr(0, colon));
    const auto by =
        colon == std::string::npos ? sim::instant{} : words{0, ahead.substr(colon + 1)}.take_time();
    const auto with_others = names_in(others.substr(0, others.find(':')));
    const auto listed = names_in(others.substr(others.find(':') + 1));
    given.finish();
    for (std::size_t i = 0; i < plan.asked.nodes; ++i) {
        sim::place_plan p;
        p.name = "p" + std::to_string(i + 1);
        p.address = sim::address_of(i);
        p.raw = base::time_point{} + 1s * static_cast<int>(i + 1);
        p.wall_s =
            60'000'000 + (std::find(fast.begin(), fast.end(), p.name) == fast.end() ? 0 : by / 1s);
        p.weight = i + zero_weight >= plan.asked.nodes ? 0 : 1;
        p.machine = machines == 0 ? 0 : 1 + i % machines;
        p.first_start = std::find(absent.begin(), absent.end(), p.name) == absent.end()
                            ? 1ms * static_cast<int>(i)
                            : sim::instant{for_good};
        p.unknown_fields = std::find(later.begin(), later.end(), p.name) == later.end() ? 0 : 2;
        if (lease.starts_with(p.name + ":")) {
            p.lease = words{0, lease.substr(p.name.size() + 1)}.take_time();
        }
        if (std::find(with_others.begin(), with_others.end(), p.name) != with_others.end()) {
            for (std::size_t n = 0; n < plan.asked.nodes; ++n) {
                if (std::find(listed.begin(), listed.end(), "p" + std::to_string(n + 1)) !=
                    listed.end()) {
                    p.seeds.push_back(sim::address_of(n));
                }
            }
        }
        if (i < plan.seats) {
            plan.common.seeds.push_back(p.address);
        }
        plan.places.push_back(std::move(p));
    }
    return plan;
}

}  // namespace holdfast::scenarios
