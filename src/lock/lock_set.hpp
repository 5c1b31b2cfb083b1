// Locks by slot and name, so that those of one slot are together.
#pragma once

#include <set>
#include <string>
#include <utility>

#include <holdfast/ids.hpp>

namespace holdfast::lock {

class lock_set : public std::set<std::pair<slot, std::string>> {
public:
    void forget(slot s) {
        const auto from = lower_bound({s, ""});
        auto to = from;
        while (to != end() && to->first == s) {
            ++to;
        }
        erase(from, to);
    }
};

}  // namespace holdfast::lock
