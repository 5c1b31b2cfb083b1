// Every option of a peer: default, unit, and what it does. Most people set name, listen and seeds.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/events.hpp>
#include <holdfast/result.hpp>

namespace holdfast {

/// How far apart the peers are. It sets all times below that are not given one by one.
///
/// |                 | local  | lan    | wan    |
/// | lease           | 1 s    | 4 s    | 12 s   |
/// | founding wait   | 300 ms | 3 s    | 6 s    |
/// | probe period    | 100 ms | 1 s    | 3 s    |
/// | probe timeout   | 50 ms  | 500 ms | 1.5 s  |
/// | retry           | 50 ms  | 200 ms | 600 ms |
enum class profile : std::uint8_t {
    local,  ///< processes of one machine, and tests
    lan,    ///< one data centre
    wan,    ///< several
};

constexpr std::uint16_t default_port = 4653;

struct config {
    /// For people: shown in views and logs. Need not be unique. At most 128 bytes. Default: host name and process id.
    std::string name{};

    /// `HOST:PORT` to listen at, UDP and TCP. Port 0: one the system picks. A peer that fills a seat must listen at
    /// (or advertise) an address of `seeds`. Default: loopback and the default port, so that nothing is exposed
    /// unasked.
    std::string listen = "127.0.0.1:4653";

    /// `HOST:PORT` under which others reach this peer, if that is not `listen` (a wildcard, a mapped port).
    std::string advertise{};

    /// The addresses of the seats: 1, 3, 5 or 7, the same list at every peer, in any order. A majority of them decides
    /// who is a member. Empty: this peer is a cluster of its own.
    std::vector<std::string> seeds{};

    /// Peers of clusters of different names do not talk.
    std::string cluster = "default";

    holdfast::profile profile = profile::lan;

    /// Own no locks, only use them: for short runs, whose end then moves nothing (weight 0).
    bool light = false;

    /// This peer's share of the lock names, relative to the others'. 1 to 64; `light` makes it 0.
    std::uint32_t weight = 1;

    /// A: how long a member may act without a majority of seats, and how long a crashed holder keeps its locks. Higher
    /// survives longer hiccups, lower fails over sooner: max(detection, lease) after a crash. At least 1 s; the same
    /// at every peer. Default: the profile's.
    std::optional<std::chrono::milliseconds> lease{};

    /// How much the rates of two clocks may differ. MUTEX rests on it (docs/guarantees.md). 0 to 0.1.
    double clock_drift = 0.01;

    /// How long a seat looks for an existing cluster before it founds one. Default: the profile's.
    std::optional<std::chrono::milliseconds> founding_wait{};

    /// False: never found a cluster, only join one (after the first founding, where a person should decide).
    bool may_found = true;

    /// The cluster's key: 32 bytes as 64 hexadecimal digits, or the name of a file that holds them. Everything is sealed
    /// under it (docs/sealing.md). Required outside `profile::local` unless `insecure` says otherwise.
    std::string key{};
    std::string key_file{};
    bool insecure = false;

    /// A directory of this peer's own. With it, tokens rise over a restart of everything even if wall clocks differ by
    /// more than 2 s (FOUND-5). Empty: nothing is ever written to disk.
    std::string state_dir{};

    /// Requests that may wait at this peer at once; beyond it `too_many`.
    std::size_t max_requests = 65536;

    event_callback on_event{};

    /// `bad_config` with the name of the field and what is wrong with it.
    [[nodiscard]] result<void> validate() const;
};

}  // namespace holdfast
