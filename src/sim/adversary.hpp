// Aimed faults: each attack waits for a certain message to or from a certain process, and acts at
// that moment.
//
// Random faults have to be lucky to hit the few milliseconds in which a rule matters. What there is
// to do stands in attacks.cpp; here it is carried out. The seed draws which attacks a run has, whom
// they hit and how long things take.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "sim/attacks.hpp"
#include "sim/cluster.hpp"
#include "sim/event_queue.hpp"
#include "sim/run_plan.hpp"

namespace holdfast::sim {

class adversary final : public interceptor {
public:
    struct counts {
        std::uint64_t begun = 0;
        std::uint64_t carried_out = 0;  ///< to the last stage
    };

    adversary(const run_plan& plan, std::uint64_t seed, cluster& machines, event_queue& events);

    /// An `attack` event.
    void handle(const event& e);
    verdict sending(message_kind kind, std::uint32_t from, std::uint32_t to) override;
    /// Everything that lasts ends now, and nothing new begins.
    void heal();

    [[nodiscard]] const std::array<counts, attack_kinds>& counted() const { return counts_; }

private:
    struct attack {
        std::uint32_t number = 0;
        std::size_t kind = 0;
        std::size_t next_stage = 0;
        unsigned passing = 0;  // so many more messages are let pass
        std::optional<std::uint32_t> target;
        std::optional<std::uint32_t> other;
        const hindrances* meanwhile = nullptr;
        std::vector<std::pair<std::uint32_t, std::uint32_t>> cuts;
    };
    using place_in_list = std::list<attack>::iterator;

    void begin();
    void end(place_in_list a);
    void wait_for_next_stage(attack& a);
    void enter_next_stage(attack& a);
    void plan(const attack& a, instant at, std::uint64_t what, std::uint32_t where = 0);

    void apply(attack& a, mishap f, std::uint32_t place);
    void cut(attack& a, std::uint32_t from, std::uint32_t to);
    void cut_off(attack& a, std::uint32_t place, bool from_it, bool to_it);
    void cut_both_ways(attack& a, std::uint32_t one, std::uint32_t other);
    void crash_for_a_while(std::uint32_t place);
    void restart_majority(std::uint32_t place);
    void pause(std::uint32_t place);
    void cut_off_from_seats(attack& a, std::uint32_t place);
    void cut_off_from_other(attack& a, std::uint32_t place);
    void cut_off_with_other(attack& a, std::uint32_t place);
    void cut_off_around_a_seat(attack& a, bool loses_it, std::uint32_t place);
    void swing(attack& a, std::uint32_t place);
    void heal(attack& a);
    void hinder(const attack& a, message_kind kind, std::uint32_t from, std::uint32_t to,
                verdict& v);

    [[nodiscard]] const attack_plan& plan_of(const attack& a) const { return attacks()[a.kind]; }
    [[nodiscard]] place_in_list find(std::uint32_t number);
    [[nodiscard]] std::uint32_t any_place() {
        return static_cast<std::uint32_t>(random_.below(machines_.places()));
    }
    [[nodiscard]] std::optional<std::uint32_t> pick(target_choice p);
    /// A place other than the target, more often that of an owner or a seat.
    [[nodiscard]] std::uint32_t bystander(const attack& a);
    [[nodiscard]] base::duration draw(span s);
    [[nodiscard]] base::duration draw(const spans& choices);

    const run_plan& plan_;
    base::random_source random_;
    cluster& machines_;
    event_queue& events_;
    std::vector<std::size_t> kinds_;  // of attack, that this run has
    std::size_t most_at_once_ = 1;
    base::duration longest_wait_{};
    std::list<attack> attacks_;
    std::uint32_t last_number_ = 0;
    bool is_healed_ = false;
    std::array<counts, attack_kinds> counts_{};
};

/// Two that meddle with the same messages.
class both_intercept final : public interceptor {
public:
    both_intercept(interceptor& one, interceptor& other) : one_{one}, other_{other} {}
    verdict sending(message_kind kind, std::uint32_t from, std::uint32_t to) override {
        const auto a = one_.sending(kind, from, to);
        const auto b = other_.sending(kind, from, to);
        return {a.is_lost || b.is_lost, a.delay + b.delay,
                a.brings_back_older || b.brings_back_older, a.is_doubled || b.is_doubled};
    }

private:
    interceptor& one_;
    interceptor& other_;
};

}  // namespace holdfast::sim
