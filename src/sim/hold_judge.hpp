// Holds as applications are told of them: NO-LOSS, FATE, ALL, and each grant told once.
#pragma once

#include <string>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/previous_hold.hpp>

#include "sim/judged_facts.hpp"

namespace holdfast::sim {

class hold_judge {
public:
    using run = judged_facts::run;
    using lock = judged_facts::lock;

    explicit hold_judge(judged_facts& told) : facts_{told} {}

    /// The process holds nothing any more.
    void crashed(run r);
    /// Its PeerId is over, so it must have reported every hold lost.
    void gave_up(run r, instant now);
    void granted(run r, lock l, token t, request_number number, instant now);
    /// What it was told with its grant of the holder before (FATE).
    struct predecessor {
        holdfast::end_reason how{};
        token what;
        bool has_its_value = false;  ///< the value that came with it is the one it left
    };
    void told_of_predecessor(run r, lock l, token t, const predecessor& before, instant now);
    void released(run r, lock l, token t, bool says_consistent);
    void lost(run r, lock l, token t, errc why, instant now);
    void has_all(run r, std::uint64_t together, std::size_t how_many, instant now);
    void has_none(run r, std::uint64_t together, instant now);
    void progressed(run r, lock l, token t, instant now);
    /// Those that were told that they are evicted while their lease ran, in words.
    struct claimed_eviction {
        run by = 0;
        cluster_id cluster;
        std::string text;
    };
    [[nodiscard]] const std::vector<claimed_eviction>& evictions() const { return evictions_; }

private:
    static void ended_without_release(judged_facts::guarded& g, const judged_facts::hold& h);
    [[nodiscard]] bool may_be_broken(run r, const judged_facts::guarded& g, token t) const;
    void take_away(run r, lock l, token t);

    judged_facts& facts_;
    std::vector<claimed_eviction> evictions_;
};

}  // namespace holdfast::sim
