// RIVAL-1: other clusters of our name that have running leases while we have one. Each cluster may
// grant the locks that the other has granted, and neither can know.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "node/message.hpp"
#include "view/outputs.hpp"

namespace holdfast::node {

class rivals {
public:
    struct rival {
        view_number installed;          // the newest that it showed
        std::vector<endpoint> seats{};  // as it says; none: it has not said yet
        peer_id by;                     // whom of it we heard last,
        endpoint at;                    // and where
        base::time_point first{};
        base::time_point heard{};
        std::optional<base::time_point> told{};  // our seats, last
        base::time_point next_word{};            // when it is told them again
        base::time_point next_problem{};         // when it is complained of
    };
    /// Not heard for so long, it is over.
    static constexpr std::chrono::minutes lasts{2};
    static constexpr std::chrono::seconds word_every{30};
    static constexpr std::chrono::minutes problem_every{1};
    static constexpr std::size_t most = 8;

    explicit rivals(const base::settings& settings) : settings_{settings} {}

    /// Something that came while our lease was running. `at`: nil if that is not known. `seats`:
    /// null if the message does not say. An empty list says nothing either: it would make us forget
    /// whom we have told, and answer the next list at once.
    void heard(const envelope& head, const cluster_id& ours, const endpoint& at,
               const std::vector<endpoint>* seats, base::time_point now);
    /// Whom to tell our seats now.
    [[nodiscard]] std::vector<std::pair<peer_id, endpoint>> to_tell(base::time_point now);
    [[nodiscard]] std::vector<views::problem> problems(const view& ours, base::time_point now);
    void forget_old(base::time_point now);
    /// Our lease has run out: this cluster grants nothing here.
    void clear() { all_.clear(); }
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    /// Those that are complained of.
    [[nodiscard]] std::map<cluster_id, rival> certain() const;

private:
    /// One packet may be of long ago.
    [[nodiscard]] bool is_certain(const rival& r) const {
        return !r.seats.empty() || r.heard - r.first >= settings_.lease;
    }

    const base::settings& settings_;
    std::map<cluster_id, rival> all_;
};

}  // namespace holdfast::node
