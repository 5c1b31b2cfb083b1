#include "node/quota_problems.hpp"

#include <string>

namespace holdfast::node {

problem problem_of(const lock::quota_reached& q, const view* v) {
    const auto* m = v == nullptr ? nullptr : v->find(q.member);
    const auto who =
        m == nullptr ? to_string(q.member)
                     : m->name + " (" + to_string(q.member) + " at " + to_string(m->address) + ")";
    return {errc::too_many_requests,
            who + " takes up as much at this owner as one member may (LOAD-3): " +
                std::to_string(q.refused) +
                " of its requests, watches and demands were refused so far; see what it waits for, "
                "and let it ask for less at once"};
}

problem problem_of(const lock::watch_not_taken& w) {
    return {
        errc::too_many_requests,
        "the owner of \"" + w.name +
            "\" keeps no more watches for this peer (LOAD-3); it is asked again, but until then "
            "no change is told: watch fewer locks from one peer"};
}

}  // namespace holdfast::node
