// Every option of a peer: default, unit, formula, and what happens when it is raised or lowered.
//
// Most programs set name, listen, seeds and key_file. The times come from the profile: `local` for
// one machine and tests, `lan` for a data centre (the default), `wan` for links with 100 ms and
// more. Give every peer of a cluster the same seeds, cluster, key, profile and times.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/breaking.hpp>
#include <holdfast/events.hpp>
#include <holdfast/export.hpp>
#include <holdfast/result.hpp>

namespace holdfast {

/// The port of addresses in `listen` and `seeds` that name none.
constexpr std::uint16_t default_port = 4653;

/// A set of times (below, in the order local / lan / wan).
enum class profile : std::uint8_t { local, lan, wan };

/// Whether this peer may take part in founding a cluster when it finds none.
enum class bootstrap_mode : std::uint8_t {
    allowed,
    never,  ///< it only joins: for fleets where a person founds (FOUND-2)
};

/// An aggregate, so that `peer::start({.name = "a", .listen = "10.0.0.7:4653"})` works.
struct config {
    // ---- who and where

    /// For people: logs, member lists. At most 128 bytes; need not be unique. Empty: host name and
    /// process id.
    std::string name{};
    /// `HOST:PORT`, `[IPv6]:PORT`, or without the port (4653). UDP and TCP of that port are used;
    /// port 0: one the kernel picks. Empty: all addresses of this host, or without seeds a free
    /// port on loopback.
    std::string listen{};
    /// The address the others reach this peer at, if it is not `listen` (NAT, containers); without
    /// a port, with that of `listen`. Empty: `listen`, and where that means all addresses, the one
    /// this host uses towards the first seed.
    std::string advertise{};
    /// The addresses of the seats: 1, 3, 5 or 7 of them, the same list on every peer. A majority of
    /// them must run for anything to be granted; the peers that advertise these addresses vote.
    /// Host names are looked up once, at the start. Empty: this peer is alone, its own only seat.
    std::vector<std::string> seeds{};
    /// Peers of clusters with different names ignore each other, even with the same key.
    std::string cluster = "default";

    holdfast::profile profile = holdfast::profile::lan;

    // ---- secrecy

    /// The cluster's key: 64 hexadecimal digits, or base64 of 32 bytes. Every packet is encrypted
    /// and authenticated with it. Required outside the `local` profile, because whoever can send a
    /// packet could otherwise take locks.
    std::string key{};
    /// A file that holds the key instead: 32 raw bytes, or text as in `key` (spaces around it are
    /// ignored).
    std::string key_file{};
    /// Run without a key outside the `local` profile, for networks that are trusted or protected
    /// otherwise.
    bool insecure = false;

    // ---- its part in the cluster

    /// Owns no locks (weight 0): for short-lived processes, whose coming and going then moves no
    /// slot.
    bool light = false;
    /// Its share of the names, in proportion to the weights of the others. 0 is `light`. 0 to 1000.
    std::uint32_t weight = 1;
    bootstrap_mode bootstrap = bootstrap_mode::allowed;
    /// A directory for the few bytes that must survive a restart of all peers at once (FOUND-5):
    /// with it tokens go on rising even when the wall clocks of all seats were set back meanwhile.
    /// Created if missing; a peer that cannot write to it stops. Empty: none.
    std::string state_dir{};

    // ---- breaking holds (breaking.hpp)

    /// Who may break the holds of this peer, where `lock_options::breaking` does not say.
    holdfast::break_policy break_policy{};
    /// How long a lock is granted to nobody after an exclusive hold of this peer (a term of an
    /// election is one) that ended without a release, where `lock_options::lock_delay` does not
    /// say, and for no fenced one. LIVE comes so much later. At most 60 s.
    std::chrono::milliseconds lock_delay{0};
    /// The operators whose demands this peer, as an owner, accepts, by the names they go by; the
    /// same list on every peer. A name is no proof: whoever has the cluster's key can take one.
    /// Empty: everybody.
    std::vector<std::string> operators{};

    /// A tiny process is started with the peer that kills this one (SIGKILL) when its lease ends
    /// while it has a hold, however stopped or hung it is: nothing of it acts any more when another
    /// may be granted its locks. A lease that is lost for want of a network ends the program, too.
    /// Ending a hold in time, by `release` or `break_hold`, does not. The peer is forked for it at
    /// its start: start it early, before the program is large. Linux 5.9.
    bool watchdog = false;

    // ---- limits

    /// Calls that may wait for a lock at the same time; one more fails with `too_many`. Each costs
    /// about 1 KiB.
    std::size_t max_requests = 100'000;
    /// By how much the rates of two clocks may differ at most, as a fraction: 0.01 means 10 ms in a
    /// second. Leases are shortened and waits stretched by it. MUTEX needs it to be true. Above 0,
    /// at most 0.1.
    double clock_drift = 0.01;

    // ---- times; unset: what the profile says

    /// A: how long a member may act after a majority of the seats last answered it. Longer: rides
    /// out longer outages of the network; shorter: locks of a crashed peer are granted again
    /// sooner. 1 s / 4 s / 12 s; at least 1 s.
    std::optional<std::chrono::milliseconds> lease{};
    /// How long the seats look for an existing cluster before they found one. At least the time in
    /// which all of them start. 300 ms / 3 s / 6 s.
    std::optional<std::chrono::milliseconds> bootstrap_wait{};
    /// How long joins and removals are gathered into one view; at least 2 round trips. 20 / 100 /
    /// 400 ms.
    std::optional<std::chrono::milliseconds> batch_wait{};
    /// How much later the next voter proposes when the one before does not; at least 2 round trips.
    /// 30 / 150 / 600 ms.
    std::optional<std::chrono::milliseconds> proposer_stagger{};
    /// After how long without an answer a message is repeated; above the usual round trip. 50 / 200
    /// / 600 ms.
    std::optional<std::chrono::milliseconds> retry{};
    /// How often one other peer is probed. Detection takes about 2 of them, and then the time of a
    /// suspicion (4 * log10(n + 1) of them). Shorter: sooner, with more packets. 100 ms / 1 s / 3
    /// s.
    std::optional<std::chrono::milliseconds> probe_period{};
    /// How long a direct probe may take before others are asked to try: the 99th percentile of the
    /// round trip is a good value. Lower finds failures sooner and suspects busy hosts wrongly.
    /// Below `probe_period`. 50 / 500 / 1500 ms.
    std::optional<std::chrono::milliseconds> probe_timeout{};
    /// How often rumours are sent between probes. 50 / 200 / 500 ms.
    std::optional<std::chrono::milliseconds> gossip_period{};
    /// How often one of the dead, or a seat, is tried, so that a healed partition merges by itself.
    /// 1 / 4 / 8 s.
    std::optional<std::chrono::milliseconds> dead_probe_period{};
    /// How often whole rosters are exchanged with another peer. 5 / 30 / 60 s.
    std::optional<std::chrono::milliseconds> push_pull_period{};

    // ---- what it tells

    /// Called for every event, one after another, on the callback thread of the peer (see `peer`).
    /// Must not throw. When 4096 wait, later ones are missed and counted
    /// (statistics::callbacks_missed); events::stopped never is.
    std::function<void(const event&)> on_event{};

    [[nodiscard]] HOLDFAST_EXPORT static config local();
    [[nodiscard]] HOLDFAST_EXPORT static config lan();
    [[nodiscard]] HOLDFAST_EXPORT static config wan();

    /// `bad_config` with a text that begins with the name of the first bad field, its value, and
    /// what it may be. Looks at no network and no file; `peer::start` does, and calls this first.
    [[nodiscard]] HOLDFAST_EXPORT result<void> validate() const;
};

/// The time that `c` gives, or its profile's.
struct config_times {
    std::chrono::milliseconds lease, bootstrap_wait, batch_wait, proposer_stagger, retry,
        probe_period, probe_timeout, gossip_period, dead_probe_period, push_pull_period;
};
[[nodiscard]] HOLDFAST_EXPORT config_times times_of(const config& c);

}  // namespace holdfast
