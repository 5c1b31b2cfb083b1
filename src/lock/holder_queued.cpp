// What a holder does about its requests that wait at their owners (QUEUED).
#include <utility>

#include "base/assert.hpp"
#include "lock/holder.hpp"

namespace holdfast::lock {

void holder::on(const peer_id& from, const queued& said, base::time_point now) {
    const auto at = requests_.find(said.number);
    if (at == requests_.end() || !at->second.again || link_.owner_of(at->second.at) != from) {
        return;
    }
    // HOLD-5, QUEUED: it may have been queued in a tenure that ends before ours begins, so it is
    // asked after once per A; the owner knows it then.
    requests_.note_queued(at, now + settings_.lease);
    HOLDFAST_ASSERT(requests_.asks_after(said.number));
}

void holder::ask_after_queued(base::time_point now) {
    requests_.ask_after(now, [&](const std::string& name, queued_requests::of_lock& all) {
        const auto owner = link_.owner_of(all.at);
        const auto attempt = all.again.sent(pace_, owner, now);
        if (owner.is_nil()) {
            return;
        }
        for (auto from = all.numbers.begin(); from != all.numbers.end();) {
            still_waiting asked{name, {}};
            while (from != all.numbers.end() && asked.numbers.size() < most_still_waiting) {
                asked.numbers.push_back(*from++);
            }
            out_.push(send{owner, std::move(asked), attempt});
        }
    });
}

void holder::on(const peer_id& from, const still_queued& said, base::time_point now) {
    if (!view_ || link_.owner_of(link_.slot_of(said.name)) != from) {
        return;
    }
    requests_.heard_of_queued(said.name, now + settings_.lease);
    for (const auto& number : said.unknown) {
        const auto at = requests_.find(number);
        if (at != requests_.end() && at->second.is_queued && at->second.name == said.name) {
            requests_.note_unqueued(at);
            at->second.again.emplace();
            send_request(at, now);
        }
    }
}

}  // namespace holdfast::lock
