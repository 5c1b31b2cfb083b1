#include "view/second_opinions.hpp"

#include <algorithm>
#include <iterator>

namespace holdfast::views {

opinion second_opinions::answer(const peer_id& asker, const opinion_ask& asked, const view& current,
                                const membership_hints& hints, base::time_point now) {
    opinion mine{asked.number, {}, {}, {}};
    for (const auto& id : asked.about) {
        if (hints.objects_to_removal(current, id, now)) {
            mine.objects.push_back(id);
            if (current.has(id)) {
                told_no_[id].insert(asker);
            }
        } else {
            mine.consents.push_back(id);
        }
    }
    std::copy_if(asked.to_settle.begin(), asked.to_settle.end(), std::back_inserter(mine.settles),
                 [&](const peer_id& id) { return hints.may_settle(current, id, now); });
    return mine;
}

std::map<peer_id, opinion> second_opinions::changed(view_number next,
                                                    const membership_hints& hints) {
    std::map<peer_id, opinion> out;
    for (auto at = told_no_.begin(); at != told_no_.end();) {
        if (!hints.is_certain(at->first)) {
            ++at;
            continue;
        }
        for (const auto& asker : at->second) {
            auto& told = out[asker];
            told.number = next;
            told.consents.push_back(at->first);
        }
        at = told_no_.erase(at);
    }
    return out;
}

}  // namespace holdfast::views
