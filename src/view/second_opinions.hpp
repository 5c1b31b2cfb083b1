// What this voter thinks of the removals that others propose (VIEW-2). A proposer that is told "no"
// waits for a whole back-off before it asks again. So a voter that objected because it had not yet
// seen for itself what others certify says so as soon as it has (CERT-3).
#pragma once

#include <map>
#include <set>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/time.hpp"
#include "view/membership_hints.hpp"
#include "view/messages.hpp"

namespace holdfast::views {

class second_opinions {
public:
    [[nodiscard]] opinion answer(const peer_id& asker, const opinion_ask& asked,
                                 const view& current, const membership_hints& hints,
                                 base::time_point now);
    /// By voter that was told "no": the members of which this one is certain by now. Each is told
    /// once.
    [[nodiscard]] std::map<peer_id, opinion> changed(view_number next,
                                                     const membership_hints& hints);
    /// Consents are per change.
    void installed() { told_no_.clear(); }

private:
    std::map<peer_id, std::set<peer_id>> told_no_;  // by member: the voters that asked
};

}  // namespace holdfast::views
