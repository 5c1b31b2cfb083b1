// What is seen of a lock: LOOK by questions, WATCH by standing subscriptions.
#pragma once

#include "sim/judged_facts.hpp"

namespace holdfast::sim {

class look_judge {
public:
    using run = judged_facts::run;
    using lock = judged_facts::lock;

    explicit look_judge(judged_facts& told) : facts_{told} {}

    /// LOOK-1: an application asks how `l` stands, and is told.
    void looks(run r, lock l, std::uint64_t question, instant now);
    void has_seen(run r, std::uint64_t question, const std::set<token>& held, instant now);
    /// A watcher was told how `l` stands.
    void told(run r, lock l, judged_facts::lock_summary summary);
    /// Nothing has changed for a while: every watcher must know the state as it is (WATCH-1).
    void check_watchers(instant now);

private:
    judged_facts& facts_;
};

}  // namespace holdfast::sim
