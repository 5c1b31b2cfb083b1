// How a peer comes into a cluster (VIEW-3): what a joiner asks for, and what a voter answers it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/random.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "view/messages.hpp"
#include "view/outputs.hpp"
#include "view/view_log.hpp"

namespace holdfast::views {

class joining {
public:
    joining(const base::settings& settings, const member& self, std::vector<endpoint> seeds,
            base::random_source random, base::time_point now)
        : settings_{settings},
          self_{self},
          seeds_{std::move(seeds)},
          random_{random},
          next_request_{now},
          tests_until_{end_of_test(settings, now)} {}

    // ---- the joiner, until it has installed a view

    /// True if every seat is to be asked now.
    [[nodiscard]] bool tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const { return next_request_; }
    /// What it asks every seat.
    [[nodiscard]] join request() const;
    /// JOIN-1: it only asks, each second, so that the ways are tried.
    [[nodiscard]] bool is_testing() const { return tests_until_.has_value(); }
    /// The ways to a quorum of the seats work: from now on it asks to be let in.
    void ways_work(base::time_point now);
    /// Remembers the view shown. True if it is news, so that every seat is to be asked again.
    [[nodiscard]] bool learn(const join_shown& told);
    /// The welcome adds this peer, to a cluster of its own seats, and to a view that can be.
    [[nodiscard]] bool is_welcome(const welcome& given) const;
    void installed() { next_request_.reset(); }

    // ---- the voter

    struct answer {
        std::optional<message> reply;
        std::optional<views::problem> problem;
        bool is_candidate = false;  ///< the joiner may be added to the next view
    };
    /// `founded_by`: what view 1 was made of, if this peer founded it.
    [[nodiscard]] answer answer_to(const join& asked, const view_log& log,
                                   const std::optional<founding_value>& founded_by) const;

private:
    friend struct explore::state_access;

    /// Nothing: it need not test.
    [[nodiscard]] static std::optional<base::time_point> end_of_test(const base::settings& settings,
                                                                     base::time_point now);
    /// Why a peer with these settings can never be a member of this cluster.
    [[nodiscard]] std::optional<join_refused> objection_to(const join& asked, const view& v) const;

    const base::settings& settings_;
    member self_;
    std::vector<endpoint> seeds_;
    base::random_source random_;
    std::optional<base::time_point> next_request_;
    std::optional<base::time_point> tests_until_;  // JOIN-1
    std::map<cluster_id, view_number> shown_;      // VIEW-3: what a join may name
};

/// For texts of problems.
[[nodiscard]] std::string to_text(const std::vector<endpoint>& seeds);

/// The addresses of the seats, in their order.
[[nodiscard]] std::vector<endpoint> seat_addresses(const view& v);

}  // namespace holdfast::views
