// How long a member that was just added has to show that it works before it owns slots (OWN-11), by
// what this voter remembers of those that came from the same place before.
//
// A hint of one voter: who has forgotten, or was not there, knows no reason to wait for longer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"

namespace holdfast::views {

class probation {
public:
    explicit probation(const base::settings& settings) : settings_{settings} {}

    /// It says so itself, or an operator evicts it: its removal is no failure.
    void departs(const peer_id& peer) { departing_.insert(peer); }
    void installed(const view& now_installed, const view* before, base::time_point now);

    /// From A to 64 A.
    [[nodiscard]] base::duration length_for(const member& m, base::time_point now) const;

    void invariants() const;

private:
    friend struct explore::state_access;

    /// A host and a name: what a process that is started again has in common with the one before.
    struct origin {
        std::array<std::uint8_t, 16> ip{};
        std::string name;
        bool operator<(const origin& o) const {
            return std::tie(ip, name) < std::tie(o.ip, o.name);
        }
    };
    static origin origin_of(const member& m);
    void note_removal(const member& m, base::time_point now);
    void forget_old(base::time_point now);

    const base::settings& settings_;
    // members that this voter saw join
    std::map<peer_id, base::time_point> joined_;
    std::set<peer_id> departing_;
    // when members of this origin were removed early, oldest first
    std::map<origin, std::vector<base::time_point>> failures_;
};

}  // namespace holdfast::views
