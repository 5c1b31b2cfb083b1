// For how long a voter has seen each member renew its lease, by datagram and by stream (OWN-11).
#pragma once

#include <map>
#include <optional>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "lease/messages.hpp"

namespace holdfast::lease {

class renewal_runs {
public:
    renewal_runs(const base::settings& settings, const peer_id& self)
        : settings_{settings}, self_{self} {}

    void installed(const view& now_installed);
    /// This voter acked that request of `peer`, a member.
    void acked(const peer_id& peer, const renew_request& asked, bool by_stream,
               base::time_point now);

    /// From the first renewal to the last, without a gap of A. Zero: it does not renew now, or not
    /// by both ways.
    [[nodiscard]] base::duration length(const peer_id& peer, base::time_point now) const;

    void invariants() const;

private:
    struct run {
        base::time_point first;
        base::time_point last;
        std::optional<base::time_point> by_datagram;
        std::optional<base::time_point> by_stream;
    };

    const base::settings& settings_;
    peer_id self_;
    std::map<peer_id, run> runs_;
};

}  // namespace holdfast::lease
