#include "lock/inspect.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::lock {
namespace {

tenure_state state_of(const tenure& t, bool may_serve) {
    if (t.waits_for() != nullptr) {
        return tenure_state::receives;
    }
    if (t.is_gathering()) {
        return tenure_state::gathers;
    }
    // LOOK-1: as with a grant (OWN-1), no other owner can be serving it while we do and our lease
    // runs.
    return may_serve ? tenure_state::serves : tenure_state::unleased;
}

}  // namespace

inspect_reply inspect(const tenures& ours, const revocations& pending, bool may_serve,
                      const inspect_request& asked, base::time_point now) {
    inspect_reply answer{asked.number, tenure_state::elsewhere, {}, 0, {}, 0};
    const auto s = ours.slot_of(asked.name);
    const auto* t = ours.find(s);
    if (t == nullptr) {
        return answer;
    }
    answer.is = state_of(*t, may_serve);
    const auto* e = ours.find_lock(s, asked.name);
    if (e == nullptr) {
        return answer;
    }
    answer.holders = static_cast<std::uint32_t>(e->held.size());
    answer.waiting = static_cast<std::uint32_t>(e->queue.size());
    std::size_t bytes = 0;
    for (const auto& [token, h] : e->held.all()) {
        bytes += bytes_of(h.what) + h.holder_name.size();
        if (bytes > bytes_in_a_message) {
            break;
        }
        answer.held.push_back({h.what, h.holder_name, now - h.since, h.is_since_grant,
                               pending.is_release_requested(asked.name, token),
                               pending.is_to_break(asked.name, token)});
    }
    answer.queue = e->queue.first(most_told);
    return answer;
}

listed list(const tenures& ours, const list_locks& asked) {
    std::vector<std::pair<std::string_view, const lock_entry*>> all;
    listed answer{asked.number, {}, true, 0};
    ours.for_each([&](slot, const tenure& t) {
        answer.not_served += t.is_serving() ? 0 : 1;
        for (const auto& [name, e] : t.table) {
            if (name > asked.after) {
                all.emplace_back(name, &e);
            }
        }
    });
    std::sort(all.begin(), all.end());
    std::size_t bytes = 0;
    for (const auto& [name, e] : all) {
        auto summary = e->summary();
        for (const auto& h : summary.held) {
            bytes += bytes_of(h);
        }
        bytes += name.size() + 64;
        if (bytes > bytes_in_a_message && !answer.locks.empty()) {
            answer.is_all = false;
            break;
        }
        answer.locks.push_back({std::string{name}, std::move(summary)});
    }
    return answer;
}

}  // namespace holdfast::lock
