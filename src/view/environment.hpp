// What `view` asks of the other layers; `node` answers. Only what LEASE-4 and CERT-3 ask bears on
// safety, the rest are hints.
#pragma once

#include <cstdint>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/slot_map.hpp"
#include "base/time.hpp"

namespace holdfast::views {

class environment {
public:
    /// How long ago we, as a voter, last acked it (LEASE-4).
    [[nodiscard]] virtual base::duration time_since_ack(const peer_id& peer,
                                                        base::time_point now) const = 0;
    /// Its stream to us has ended, and nothing of it came since (CERT-3).
    [[nodiscard]] virtual bool has_ended_stream(const peer_id& peer) const = 0;
    /// For how long our own lease still runs; zero without one.
    [[nodiscard]] virtual base::duration lease_left() const = 0;
    /// It joined a short while ago or was heard with a running lease (VIEW-2).
    [[nodiscard]] virtual bool vouches_for(const peer_id& peer, base::time_point now) const = 0;
    /// For how long it has renewed its lease at this voter, by datagram and by stream; zero when it
    /// does not (OWN-11).
    [[nodiscard]] virtual base::duration renewed_for(const peer_id& peer,
                                                     base::time_point now) const = 0;
    /// It does not answer this voter by stream, while others do (VIEW-9).
    [[nodiscard]] virtual bool is_found_mute(const peer_id& peer, base::time_point now) const = 0;
    /// We have seen it on both ways lately: this joiner by us, a voter (JOIN-2).
    [[nodiscard]] virtual bool has_shown_ways(const peer_id& joiner,
                                              base::time_point now) const = 0;
    /// We, a joiner, reach a quorum of the seats on both ways, and they us (JOIN-1).
    [[nodiscard]] virtual bool reaches_seats(base::time_point now) const = 0;
    /// Gossip believes it alive or suspects it.
    [[nodiscard]] virtual bool seems_alive(const peer_id& peer) const = 0;
    /// A stream that we dialled to its address has reached it (NET-4).
    [[nodiscard]] virtual bool has_dialled(const endpoint& address, const peer_id& peer) const = 0;
    /// Another PeerId lives at its address (SEAL-3).
    [[nodiscard]] virtual bool is_replaced_at(const endpoint& address,
                                              const peer_id& peer) const = 0;

    [[nodiscard]] virtual base::shared_slot_map first_map(const view& v) const = 0;
    [[nodiscard]] virtual base::shared_slot_map next_map(const base::shared_slot_map& map,
                                                         const view& before,
                                                         const view& after) const = 0;
    [[nodiscard]] virtual std::uint64_t checksum(const view& v,
                                                 const base::slot_map& map) const = 0;

protected:
    ~environment() = default;
};

}  // namespace holdfast::views
