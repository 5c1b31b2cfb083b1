#include "explore/message_world.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::explore {

void message_world::answer(words& at, std::size_t changed, std::vector<std::uint32_t> fresh) {
    const auto hear = [&](std::size_t place, std::uint32_t event) {
        const auto done = happen(machine_at(at, place), event);
        if (done.machine == machine_at(at, place)) {
            fresh.insert(fresh.end(), done.sent_messages.begin(), done.sent_messages.end());
        }
    };
    for (std::size_t i = machine_words(); i < at.size(); ++i) {
        if (receiver_of(at[i]) == changed) {
            hear(changed, at[i]);
        }
    }
    for (const auto event : own_events(at, changed)) {
        hear(changed, event);
    }
    while (!fresh.empty()) {
        const auto l = fresh.back();
        fresh.pop_back();
        const auto place = std::lower_bound(
            at.begin() + static_cast<std::ptrdiff_t>(machine_words()), at.end(), l);
        if (place != at.end() && *place == l) {
            continue;
        }
        at.insert(place, l);
        if (const auto receiver = receiver_of(l)) {
            hear(*receiver, l);
        }
    }
}

void message_world::expand(state from, const visitor& visit) {
    words after;
    const auto try_event = [&](std::size_t place, std::uint32_t event) {
        const auto before = machine_at(from, place);
        const auto done = happen(before, event);
        if (done.machine == before || !is_within_bounds(done.machine)) {
            return;  // an answer without a change was sent before
        }
        after.assign(from.begin(), from.end());
        after[notes_ + place] = done.machine;
        note(after, place, before, event);
        answer(after, place, done.sent_messages);
        visit(move{place} << 32 | event, after);
    };
    for (const auto l : messages_of(from)) {
        if (const auto receiver = receiver_of(l)) {
            try_event(*receiver, l);
        }
    }
    for (std::size_t place = 0; place < machines_; ++place) {
        for (const auto event : own_events(from, place)) {
            try_event(place, event);
        }
    }
}

}  // namespace holdfast::explore
