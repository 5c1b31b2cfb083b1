// FENCE: tokens rise, and a gate that compares them refuses every late write.
#pragma once

#include <chrono>

#include "sim/judged_facts.hpp"

namespace holdfast::sim {

class fence_judge {
public:
    using run = judged_facts::run;
    using lock = judged_facts::lock;

    explicit fence_judge(judged_facts& told) : facts_{told} {}

    /// False: it was known, so nothing was given anew.
    bool owner_granted(run owner, lock l, token t, const peer_id& holder, request_number number,
                       view_number in, instant now);
    /// The application writes to what the lock guards. Says whether the gate let it in.
    bool wrote(lock l, token t, instant now);
    /// FORCE-1: with a state_dir, FENCE rests on wall clocks that differ by less than an hour from
    /// then on.
    void forced() { is_forced_ = true; }
    void wall_clocks_differ_by(std::chrono::nanoseconds most) { wall_difference_ = most; }

    [[nodiscard]] std::uint64_t grants() const { return grants_; }
    /// The one whose owners granted last, if any did.
    [[nodiscard]] std::optional<cluster_id> last_cluster() const {
        return lives_.empty() ? std::nullopt : std::optional{lives_.back().cluster};
    }

private:
    /// All grants of one cluster id.
    struct life {
        cluster_id cluster;
        instant last_grant{};
    };

    void check_order(run owner, lock l, token t, std::size_t life_number, view_number in,
                     instant now);
    std::size_t life_of(const cluster_id& cluster, instant now);
    void begin_anew();

    judged_facts& facts_;
    std::vector<life> lives_;  // in the order of their first grants
    std::chrono::nanoseconds wall_difference_{};
    bool is_forced_ = false;
    std::uint64_t grants_ = 0;
};

}  // namespace holdfast::sim
