#include "sim/record_inquiries.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "lock/records.hpp"

namespace holdfast::sim {

std::set<peer_id> record_inquiries::quorum_query::asked_seats() const {
    std::set<peer_id> out;
    for (const auto& part : asked.parts) {
        out.insert(part.to);
    }
    return out;
}

std::set<peer_id> record_inquiries::quorum_query::answered_seats() const {
    std::set<peer_id> out;
    for (const auto& part : asked.parts) {
        if (part.is_last_word) {
            out.insert(part.to);
        }
    }
    return out;
}

record_inquiries::quorum_query& record_inquiries::begin(
    lock::quorum_query asked, std::optional<holdfast::audit_record> writes) {
    return open_.emplace_back(quorum_query{std::move(asked), std::move(writes), ++last_inquiry_});
}

void record_inquiries::hear(context& shared, std::uint32_t place, std::uint64_t number,
                            const std::optional<lock::answer>& what, std::optional<errc> why_none) {
    const auto i = std::find_if(open_.begin(), open_.end(), [&](quorum_query& one) {
        return one.asked.hear(number, what, why_none);
    });
    if (i == open_.end() || !i->asked.is_over()) {
        return;
    }
    const auto over = std::move(*i);
    open_.erase(i);
    if (over.asked.has_enough()) {
        over.writes ? has_kept(shared, place, over) : has_read(shared, place, over);
    }
}

void record_inquiries::has_kept(context& shared, std::uint32_t place,
                                const quorum_query& over) const {
    const auto& kept = *over.writes;
    if (shared.trace.is_printed()) {
        shared.say(place, "has recorded " + std::to_string(kept.number) + ", state " +
                              std::to_string(kept.revision));
    }
    shared.judged_by.records().has_recorded({kept.by, kept.number}, kept.revision,
                                            over.answered_seats());
    shared.app_events.push_back({app_event::what::recorded, place, {}, 0, {}, true, kept});
}

void record_inquiries::has_read(context& shared, std::uint32_t place, const quorum_query& over) {
    lock::archive all;
    for (const auto& part : over.asked.parts) {
        const auto* heard =
            part.is_last_word ? std::get_if<lock::records_read>(&*part.heard) : nullptr;
        for (const auto& r :
             heard == nullptr ? std::vector<holdfast::audit_record>{} : heard->records) {
            all.keep(r);
        }
    }
    std::map<judge::record_key, std::uint32_t> read;
    for (const auto& r : all.all()) {
        read[{r.by, r.number}] = r.revision;
    }
    read_ = read.size();
    if (shared.trace.is_printed()) {
        shared.say(place, "reads " + std::to_string(read.size()) + " records");
    }
    shared.judged_by.records().has_read_records(shared.places[place].run, over.number, read,
                                                shared.events.now());
}

void record_inquiries::clear() {
    open_.clear();
    read_.reset();
}

}  // namespace holdfast::sim
