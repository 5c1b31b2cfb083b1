// Whether what two members have to say to each other comes, when a voter carries it (VIEW-9).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::lease {

/// A voter that is told that a member waits too long for another carries what the one asks, and
/// what the other answers (NET-1). So it sees whose part does not come, although both answer the
/// voters' own questions (lease/way_watch.hpp): something between them takes a kind of messages
/// out, or one of them does not send it.
class relayed_waits {
public:
    relayed_waits(const base::settings& settings, const peer_id& self)
        : settings_{settings}, self_{self} {}

    void installed(const view& now_installed);
    /// `by`, a member, repeats something to these, and has waited too long for their answers.
    void told(const peer_id& by, const std::vector<peer_id>& asked, const view& current,
              base::time_point now);
    /// `origin` has asked `destination` for something.
    void asked(const peer_id& origin, const peer_id& destination, base::time_point now);
    /// `origin` has answered `destination`.
    void answered(const peer_id& origin, const peer_id& destination, base::time_point now);
    /// A part of a message came from it by stream: it is slow, not mute.
    void brought_part(const peer_id& from, base::time_point now);

    [[nodiscard]] bool is_empty() const { return waits_.empty(); }
    /// Who asks, and nothing of that has come for 3A, or who was asked 2A ago and has not answered.
    [[nodiscard]] bool is_mute(const peer_id& peer, base::time_point now) const;
    /// Who was found mute since the last call.
    [[nodiscard]] std::vector<peer_id> newly_found(base::time_point now);
    void invariants() const;

private:
    struct wait {
        base::time_point told;                    // last
        base::time_point since;                   // a question, or an answer, was seen
        std::optional<base::time_point> waiting;  // for the answer to what was asked then
    };
    using key = std::pair<peer_id, peer_id>;  // who waits, and for whom

    [[nodiscard]] bool is_current(const wait& e, base::time_point now) const {
        return now - e.told < 3 * settings_.lease / 2;  // it is told each A/2, by turns by two ways
    }

    const base::settings& settings_;
    peer_id self_;
    std::map<key, wait> waits_;
    std::set<peer_id> found_;
};

}  // namespace holdfast::lease
