// What an owner remembers of holds that have ended (FATE): a bounded number. Those that ended well
// are forgotten first.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/previous_hold.hpp>

namespace holdfast::lock {

class former_holds {
public:
    explicit former_holds(std::size_t most) : most_{most} {}

    /// Null: none is remembered.
    [[nodiscard]] const previous_hold* find(slot s, const std::string& name) const;
    /// In place of what was remembered of this lock. Says of which slot one was forgotten that had
    /// not ended well, if so.
    [[nodiscard]] std::optional<slot> keep(slot s, const std::string& name, previous_hold what);
    void forget(slot s);
    /// Those that did not end well come first.
    [[nodiscard]] std::vector<std::pair<std::string, previous_hold>> of(slot s) const;
    [[nodiscard]] std::size_t size() const { return all_.size(); }

private:
    using key = std::pair<slot, std::string>;
    using order = std::list<const key*>;  // oldest first
    struct remembered {
        previous_hold what;
        order::iterator turn;
    };
    using map = std::map<key, remembered>;

    void erase(map::iterator at);
    [[nodiscard]] order& order_of(const previous_hold& p) {
        return p.is_clean() ? clean_ : unclean_;
    }

    std::size_t most_;
    map all_;
    order clean_;
    order unclean_;
};

}  // namespace holdfast::lock
