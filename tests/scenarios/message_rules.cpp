#include "message_rules.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::scenarios {

void message_rules::let_pass(sim::message_kind kind) {
    for (auto& r : all_) {
        if (r.kind == kind && !r.then) {
            r.left = 0;
        }
    }
}

sim::interceptor::verdict message_rules::sending(sim::message_kind kind, place from, place to) {
    sim::interceptor::verdict v;
    const auto is_in = [](const std::optional<group>& g, place p) {
        return !g || std::find(g->begin(), g->end(), p) != g->end();
    };
    for (auto& r : all_) {
        if (r.kind != kind || r.left == 0 || !is_in(r.from, from) || !is_in(r.to, to)) {
            continue;
        }
        r.was_used = true;
        if (r.left) {
            --*r.left;
        }
        v.is_lost = v.is_lost || r.is_lost;
        v.is_doubled = v.is_doubled || r.is_doubled;
        v.delay += r.delay;
        if (r.then) {
            due_.push_back({*r.then, from, to});
        }
    }
    return v;
}

std::vector<message_rules::due_action> message_rules::take_due() { return std::exchange(due_, {}); }

std::optional<std::size_t> message_rules::unused_line() const {
    const auto at =
        std::find_if(all_.begin(), all_.end(), [](const rule& r) { return !r.was_used; });
    return at == all_.end() ? std::nullopt : std::optional{at->line};
}

}  // namespace holdfast::scenarios
