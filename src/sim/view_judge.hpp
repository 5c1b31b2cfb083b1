// ONE-VIEW: one value for each view number, and what follows from it.
#pragma once

#include "sim/hold_judge.hpp"
#include "sim/judged_facts.hpp"

namespace holdfast::sim {

class view_judge {
public:
    using run = judged_facts::run;
    using lock = judged_facts::lock;

    explicit view_judge(judged_facts& told) : facts_{told} {}

    /// `owners`: the slot map, written out.
    void installed(run r, const view& v, const std::vector<peer_id>& owners, instant now);
    /// Nothing more will be told. `last_cluster`: the one whose owners granted last, if any did.
    void finish(const std::vector<hold_judge::claimed_eviction>& evictions,
                const std::optional<cluster_id>& last_cluster, instant now) const;

private:
    struct seen_view {
        view what;
        std::vector<peer_id> owners;
        run first_seen_at = 0;
    };

    void check_itself(const judged_facts::participant& p, const view& v, const std::string& text,
                      instant now);

    judged_facts& facts_;
    std::map<std::pair<cluster_id, view_number>, seen_view> views_;
    std::map<cluster_id, view_number> newest_views_;
    // one that was never welcomed may yet found another cluster (FOUND-3)
    std::set<std::pair<cluster_id, peer_id>> removed_;
};

}  // namespace holdfast::sim
