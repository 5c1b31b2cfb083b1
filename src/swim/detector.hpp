// Who seems alive: the failure detector and its gossip, joined (docs/protocol.md).
//
// Everything it says is a hint. It spreads alive, suspect, dead and left with addresses, and it
// finds candidates to add and to remove; that "view n exists" travels in the envelope of every
// message, hence with every probe too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/ids.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "base/way.hpp"
#include "swim/messages.hpp"
#include "swim/outputs.hpp"
#include "swim/roster.hpp"

namespace holdfast::swim {

/// Send `what` to `to`. `peer` may be nil when only the address is known. `stream`: over TCP
/// (last-resort probe, push-pull), else a datagram.
struct send {
    peer_id peer;
    endpoint to;
    bool stream = false;
    message what;
};
/// `peer` lives at `address`: it answered a question of ours there (SEAL-3). Told for every such
/// answer, not only for changes: `view` wants to know which PeerId answers at a seat's address, and
/// when.
struct heard {
    peer_id peer;
    endpoint address;
};
using output = std::variant<send, liveness_changed, heard>;

class detector {
public:
    detector(const base::settings& settings, peer_id self, std::uint64_t seed,
             base::time_point now);
    ~detector();
    detector(const detector&) = delete;
    detector& operator=(const detector&) = delete;

    /// A message that came from `from` (its PeerId by the envelope).
    void handle(const peer_id& from, const base::way& came, const message& what,
                base::time_point now);
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next();

    /// Members of the installed view: they are probed even if gossip never mentioned them.
    void know(const peer_id& peer, const std::string& name, const endpoint& address,
              base::time_point now);
    /// The view removed it: it is believed dead or left, spread as such, and not probed as a member
    /// any more.
    void forget(const peer_id& peer, base::time_point now);
    /// Whom it monitors (LOAD-6). All but `role::member` ask at seats where no peer seems alive who
    /// is there: it takes a stream to each, so not all members do it (SEAL-2). `voter` at first.
    void become(role what);
    /// Asks who lives at that address, by a stream that we dial.
    void find_out(const endpoint& at, base::time_point now);
    /// It does, so whatever was there before is gone.
    void lives_at(const endpoint& at, const peer_id& peer, base::time_point now);
    /// Tells a few members that we leave. Afterwards this detector answers but suspects no peer.
    void leave(base::time_point now);

    [[nodiscard]] bool seems_alive(const peer_id& peer) const;  ///< alive or suspect
    [[nodiscard]] std::optional<condition> liveness(const peer_id& peer) const;
    [[nodiscard]] std::optional<endpoint> address_of(const peer_id& peer) const;
    /// What is believed of one; nothing: it is unknown here. Not for ourselves.
    [[nodiscard]] std::optional<rumour> known(const peer_id& peer) const;
    /// for snapshots and tests; ourselves included
    [[nodiscard]] std::vector<rumour> roster() const;
    [[nodiscard]] std::size_t local_health() const;  ///< 0 is healthy

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace holdfast::swim
