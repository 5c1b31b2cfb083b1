// What a joiner knows of the ways between itself and the seats (JOIN-1, JOIN-2): the voters that
// ask for a number say whether its answers arrived.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include <holdfast/ids.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "view/messages.hpp"
#include "view/outputs.hpp"

namespace holdfast::node {

class seat_ways {
public:
    seat_ways(const base::settings& settings, base::time_point now)
        : settings_{settings}, began_{now}, heard_{now} {}

    void heard(const peer_id& voter, const views::way_probe& told, base::time_point now);
    /// Something came by a stream that was dialled there.
    void heard_at(const endpoint& address, base::time_point now);
    /// Of a quorum of the seats each has lately seen us on both ways. The seat that has our own
    /// address counts: its lease needs no way.
    [[nodiscard]] bool reach_quorum(base::time_point now) const;
    /// Once in a while, while that is not so: which way fails, or that no seat is heard at all.
    [[nodiscard]] std::optional<views::problem> complaint(base::time_point now);
    void invariants() const;

private:
    struct voter {
        base::time_point heard{};
        bool by_stream = false;
        bool by_datagram = false;
    };
    struct sums {
        std::size_t heard = 0, by_stream = 0, by_datagram = 0, both = 0;
    };
    [[nodiscard]] sums count(base::time_point now) const;
    [[nodiscard]] std::size_t seats() const;

    const base::settings& settings_;
    base::time_point began_;
    base::time_point heard_;           // a seat, at any address but our own; at first: as `began_`
    std::map<peer_id, voter> voters_;  // no more than there are seats
    std::optional<base::time_point> complained_;
};

}  // namespace holdfast::node
