// Voters whom, or from whom, one way fails (NET-4), and when a person should know.
#pragma once

#include <map>
#include <optional>
#include <string>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/time.hpp"

namespace holdfast::node {

class failing_voters {
public:
    /// Who fails for less than two leases, or 5 s, does not count.
    explicit failing_voters(base::duration lease);

    /// What is known of it now.
    void set_failing(const peer_id& voter, bool fails, base::time_point now);
    /// Their names, once a minute, while the other voters are no quorum of the seats.
    [[nodiscard]] std::optional<std::string> to_complain_of(const view& v, base::time_point now);

private:
    base::duration patience_;
    std::map<peer_id, base::time_point> since_;
    std::optional<base::time_point> complained_;
};

}  // namespace holdfast::node
