#include "sim/run.hpp"

#include <algorithm>

#include "sim/adversary.hpp"
#include "sim/faults.hpp"
#include "sim/liveness_phase.hpp"
#include "sim/mutants.hpp"
#include "sim/trace.hpp"
#include "sim/workload.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

// More events than this in one simulated second is a storm, not work: at least, and for each
// process and each request that may be under way. A view makes every owner ask every member.
constexpr std::uint64_t least_storm = 400'000;
constexpr std::uint64_t storm_of_a_process = 80'000;
constexpr std::uint64_t storm_of_a_request = 500;

std::uint64_t storm_of(const run_plan& s) {
    return std::max(least_storm,
                    s.places.size() * (storm_of_a_process + s.work.clients * storm_of_a_request));
}
constexpr instant time_between_looks = 50ms;

class one_run {
public:
    explicit one_run(const options& asked)
        : plan_{draw(asked)},
          random_{asked.seed ^ 0x5EEDULL},
          trace_{asked.trace},
          judge_{judge::rules{plan_.common.lease, plan_.longest_timer_delay + 5ms,
                              !asked.drift_beyond, plan_.has_state_dir},
                 plan_.locks},
          machines_{plan_, random_.next(), judge_, trace_, events_},
          work_{plan_, random_.next(), machines_, judge_, events_},
          faults_{plan_, random_.next(), machines_, events_},
          adversary_{plan_, random_.next(), machines_, events_},
          after_{plan_, machines_, work_, judge_, events_} {
        machines_.attach(work_, everything_);
        events_.plan(plan_.asked.length, event_kind::look);
        for (const auto t : plan_.troubles) {
            machines_.count(t);
        }
    }

    result go() {
        while (!is_finished_ && judge_.violations().empty()) {
            const auto e = events_.next();
            dispatch(e);
            machines_.tell_applications();
            watch_for_storms();
        }
        judge_.finish(events_.now());
        result r;
        r.asked = plan_.asked;
        r.violations = judge_.violations();
        r.hash = trace_.hash();
        r.simulated = events_.now();
        r.grants = judge_.grants();
        r.excused = judge_.excused();
        r.served_after = after_.served_after();
        r.faults = faults_.injected();
        r.attacks = adversary_.counted();
        r.net = machines_.net().counted();
        r.processes = machines_.counted();
        return r;
    }

private:
    void dispatch(const event& e) {
        switch (e.kind) {
            case event_kind::datagram:
            case event_kind::stream:
            case event_kind::timer:
            case event_kind::start:
            case event_kind::resume:
            case event_kind::stream_ended:
            case event_kind::stream_lost:
            case event_kind::process_gone:
            case event_kind::disk:
            case event_kind::found_there:
            case event_kind::replay:
                machines_.handle(e);
                break;
            case event_kind::application:
                work_.handle(e);
                break;
            case event_kind::next_fault:
            case event_kind::end_of_fault:
            case event_kind::fault_now:
                faults_.handle(e);
                break;
            case event_kind::attack:
                adversary_.handle(e);
                break;
            case event_kind::look:
                look();
                break;
        }
    }

    void look() {
        if (is_healed_) {
            is_finished_ = after_.look();
        } else {
            machines_.note("everything is mended");
            faults_.heal();
            adversary_.heal();
            machines_.heal();
            machines_.replays().heal();
            machines_.tell_applications();
            work_.wind_down();
            after_.begin();
            is_healed_ = true;
        }
        events_.plan(events_.now() + time_between_looks, event_kind::look);
    }

    void watch_for_storms() {
        if (events_.now() >= second_ends_) {
            second_ends_ = events_.now() + 1s;
            planned_before_ = events_.planned();
        } else if (events_.planned() - planned_before_ > storm_) {
            judge_.object(guarantee::live, events_.now(),
                          "a storm: " + std::to_string(storm_) + " events within a second");
        }
    }

    run_plan plan_;
    std::uint64_t storm_ = storm_of(plan_);
    base::random_source random_;
    sim::trace trace_;
    event_queue events_;
    judge judge_;
    cluster machines_;
    workload work_;
    faults faults_;
    adversary adversary_;
    both_intercept all_faults_{faults_, adversary_};
    liveness_phase after_;
    both_intercept everything_{all_faults_, after_};
    bool is_healed_ = false;
    bool is_finished_ = false;
    instant second_ends_{};
    std::uint64_t planned_before_ = 0;
};

}  // namespace

result run(const options& asked) {
    (void)base::take_effects();  // of whatever this thread has run before
    auto r = one_run{asked}.go();
    r.effects = base::take_effects();
    return r;
}

std::string replay_line(const options& asked) {
    const options usual;
    std::string line = "holdfast-sim --seed " + std::to_string(asked.seed) + " --nodes " +
                       std::to_string(asked.nodes);
    if (asked.length != usual.length) {
        line +=
            " --seconds " +
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(asked.length).count());
    }
    if (asked.mutant != mutant::none) {
        line += " --mutant " + std::string{to_string(asked.mutant)};
    }
    line += asked.aims == aims::instead  ? " --directed"
            : asked.aims == aims::beside ? " --directed=both"
                                         : "";
    return line + (asked.drift_beyond ? " --drift-beyond" : "") + (asked.is_wide ? " --wide" : "");
}

}  // namespace holdfast::sim
