// The members that the seats are to remove because an operator, or a peer that has made sure that
// they are gone, says so (VIEW-8).
#pragma once

#include <map>
#include <optional>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "view/messages.hpp"

namespace holdfast::node {

class evictions {
public:
    explicit evictions(const base::settings& settings) : settings_{settings} {}

    /// Again: what is proven stays so, and the later end counts.
    /// And the later operator.
    void add(const views::evict& wanted, base::time_point until, base::time_point now);
    /// What to tell the voters now. None outside a view, where there are no voters.
    [[nodiscard]] std::vector<views::evict> due(bool has_view, base::time_point now);
    /// Forgets those that are no members any more.
    void installed(const view& v);
    [[nodiscard]] std::optional<base::time_point> deadline(bool has_view) const;

private:
    struct eviction {
        views::proof proof{};
        base::time_point until;
        base::time_point next_send;
        base::duration pause{};  // before the next; zero: it was not sent
        std::string who{};
    };

    const base::settings& settings_;
    std::map<peer_id, eviction> all_;
};

}  // namespace holdfast::node
