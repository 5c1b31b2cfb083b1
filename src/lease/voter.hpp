// The voters' side of leases: whom this voter acks, and when it last did (LEASE-1, LEASE-3, VIEW-2,
// VIEW-5).
#pragma once

#include <map>
#include <optional>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "lease/messages.hpp"

namespace holdfast::lease {

class voter {
public:
    explicit voter(const base::settings& settings) : settings_{settings} {}

    /// LEASE-3. `before`: the view installed until now, null for this voter's first.
    void installed(const view& now_installed, const view* before, base::time_point now);

    /// Acks `from`, or says nothing. `is_barred`: the value this voter last accepted for the next
    /// number removes `from` or changes a seat (LEASE-1).
    [[nodiscard]] std::optional<ack> handle(const peer_id& from, const renew_request& asked,
                                            const view& current, bool is_barred,
                                            base::time_point now);

    /// How long ago this voter last acked `peer`, by its record (LEASE-3 fills the record in where
    /// there was no ack).
    [[nodiscard]] base::duration time_since_ack(const peer_id& peer, base::time_point now) const;
    /// VIEW-2: it joined less than A ago, or within the last A/2 it was really acked when it said
    /// its lease was running.
    [[nodiscard]] bool vouches_for(const peer_id& peer, base::time_point now) const;

    void invariants() const;

private:
    struct record {
        base::time_point joined;    // when this voter installed its first view with the peer
        base::time_point last_ack;  // LEASE-4 counts from here
        std::optional<base::time_point> last_running_ack;
    };

    const base::settings& settings_;
    std::map<peer_id, record> records_;
    base::time_point seats_known_at_{};  // LEASE-3: the present ones
};

}  // namespace holdfast::lease
