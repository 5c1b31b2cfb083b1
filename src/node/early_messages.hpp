// What new owners ask, and are told, before this peer has installed the view that made them owners
// (OWN-8, OWN-12).
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "lock/messages.hpp"

namespace holdfast::node {

/// Kept until it has: to be asked, or told, once more takes a while (LOAD-5), and all wait for the
/// last report.
class early_messages {
public:
    /// Of gathers and of the words of voters the latest are kept; that others are lost costs time
    /// only.
    static constexpr std::size_t most = 128;
    /// Of reports the latest of each member, as long as all together have no more holds and delays.
    static constexpr std::size_t most_reported = 4096;

    using kept = std::variant<lock::to_owner, lock::to_holder>;

    /// False: it is not early, or none of these.
    bool keep(const peer_id& from, const lock::to_holder& what, view_number installed);
    bool keep(const peer_id& from, const lock::to_owner& what, view_number installed);
    /// Those that this view, or one before it, lets us answer.
    [[nodiscard]] std::vector<std::pair<peer_id, kept>> take(const view& v);

private:
    struct item {
        view_number named;
        peer_id from;
        kept what;
    };
    void keep(item one);
    void keep_report(const peer_id& from, const lock::report& given);

    std::vector<item> all_;
    std::map<peer_id, lock::report> reports_;
};

}  // namespace holdfast::node
