// How long to wait for an answer before something is sent again (LOAD-5).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/random.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::base {

/// The round trip to a peer, estimated as in RFC 6298: the smoothed time and how far it varies.
class round_trip {
public:
    void measured(duration took);
    /// What an answer seldom takes. Nothing: none was measured.
    [[nodiscard]] std::optional<duration> timeout() const;

private:
    bool is_known_ = false;
    duration smoothed_{};
    duration variation_{};
};

/// `first`, twice as long so many times, up to `longest`.
[[nodiscard]] duration doubled(duration first, unsigned times, duration longest);

/// The pauses between the tries of what is sent until it is answered. The first is the time that an
/// answer of that peer seldom takes, not below `settings::retry`; each is twice as long as the one
/// before, up to half a lease, and a little more by chance, so that the many that one crash has set
/// off do not stay in step.
class pace {
public:
    /// `seed`: of the chance.
    pace(const settings& s, std::uint64_t seed) : settings_{s}, random_{seed} {}

    /// After a try, of which `before` came before it; the first pause is not below `least`. `to`
    /// nil: of all peers together.
    [[nodiscard]] duration pause(const peer_id& to, unsigned before, duration least = {});
    /// The same, but not above `most_when_short` of the least, or the first: of what its receiver
    /// may have to ignore for a while, and is waited for as soon as it need not any more.
    [[nodiscard]] duration short_pause(const peer_id& to, unsigned before);
    /// An answer took so long. Only of what was sent once: that of a later try may answer an
    /// earlier one (Karn's rule). Longer than a part of the lease it is not taken to be: a stream
    /// had to be made, or the other end was busy, and nothing would be measured again for long.
    void measured(const peer_id& by, duration took);
    /// Forgets all others.
    void keep_members(const view& v);

    /// A pause is longer by up to this part of it.
    static constexpr int most_by_chance = 4;
    static constexpr int most_when_short = 4;
    /// A sample is at most this part of a lease.
    static constexpr int sample_part = 16;

private:
    [[nodiscard]] duration first_pause(const peer_id& to) const;
    [[nodiscard]] duration longest() const;
    [[nodiscard]] duration with_chance(duration out);

    const settings& settings_;
    random_source random_;
    std::map<peer_id, round_trip> known_;
    round_trip all_;  // for a peer of which nothing is known
};

}  // namespace holdfast::base
