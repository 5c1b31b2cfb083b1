// Every option of a peer: its default, its unit, and the effect of a higher or lower value.
//
// Most programs set `name`, `listen`, `seeds` and `key_file`. The times come from the profile:
// `local` for one machine and tests, `lan` for a data centre (the default), `wan` for links with
// 100 ms and more. Give every peer of a cluster the same seeds, cluster, key, profile and times.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/breaking.hpp>
#include <holdfast/events.hpp>
#include <holdfast/export.hpp>
#include <holdfast/result.hpp>

namespace holdfast {

/// The port of addresses in `listen` and `seeds` that have none.
constexpr std::uint16_t default_port = 4653;

/// A set of times. Comments below give them in the order local / lan / wan.
enum class profile : std::uint8_t { local, lan, wan };

/// Whether this peer may found a cluster, with a majority of the seats, when it finds none.
enum class bootstrap_mode : std::uint8_t {
    allowed,
    never,  ///< it only joins (FOUND-2)
};

/// The names of the values, e.g. `lan`.
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(profile what);
[[nodiscard]] HOLDFAST_EXPORT std::string_view to_string(bootstrap_mode what);

/// One option of `config` that can be given as text: on a command line (`--state-dir`), in the
/// environment (`HOLDFAST_STATE_DIR`), in a file (`state_dir`).
struct config_option {
    std::string_view name;      ///< that of the field, e.g. `state_dir`
    std::string_view value;     ///< the kind of value: `ADDRESS`, `DURATION`, `local|lan|wan`, ...
    std::string_view fallback;  ///< the default, as text
    std::string_view help;      ///< one line
    bool is_flag = false;       ///< `true` or `false`
    bool is_secret = false;     ///< keep it out of command lines, which other users can see
};

/// An aggregate: `peer::start({.name = "a", .listen = "10.0.0.7:4653"})`.
struct config {
    // ---- identity and addresses

    /// For people, in logs and lists of members. At most 128 bytes. It need not be unique. Empty:
    /// host name and process id.
    std::string name{};
    /// `HOST:PORT`, `[IPv6]:PORT`, or without the port (4653). UDP and TCP of that port are used.
    /// Port 0: one that the kernel picks. Empty: all addresses of this host, or without seeds a
    /// free port on loopback.
    std::string listen{};
    /// The address that the others reach this peer at, if it is not `listen` (NAT, containers).
    /// Without a port: that of `listen`. Empty: `listen`, and where that means all addresses, the
    /// one that this host uses towards the first seed.
    std::string advertise{};
    /// The addresses of the seats: 1, 3, 5 or 7, the same list at every peer. Peers that advertise
    /// these addresses vote. A majority of them must run for anything to be granted. Host names are
    /// looked up once, at the start. Empty: this peer is alone, its own only seat.
    std::vector<std::string> seeds{};
    /// Peers of clusters with different names ignore each other, even with the same key.
    std::string cluster = "default";

    holdfast::profile profile = holdfast::profile::lan;

    // ---- secrecy

    /// The cluster's key: 64 hexadecimal digits, or base64 of 32 bytes. It encrypts and
    /// authenticates every packet. Required outside the `local` profile: without it, any sender of
    /// packets could take locks.
    std::string key{};
    /// A file with the key instead: 32 raw bytes, or text as in `key` with spaces around it.
    std::string key_file{};
    /// No key outside the `local` profile, for networks that are protected otherwise.
    bool insecure = false;

    // ---- its part in the cluster

    /// The share of the names that this peer owns, in proportion to the weights of the others. 0 to
    /// 1000. 0: it owns none, so its coming and going moves no slot; right for short-lived
    /// processes.
    std::uint32_t weight = 1;
    bootstrap_mode bootstrap = bootstrap_mode::allowed;
    /// A directory for the few bytes that must survive a restart of all peers at once (FOUND-5).
    /// With it, tokens go on rising even if the wall clocks of all seats were set back meanwhile.
    /// Created if missing, with mode 0700; one that others can write to is refused, and one that
    /// another process uses, after 5 s. A peer that cannot write to it says so (`problem`, with
    /// `io_error`) and goes on (DISK-1). Empty: none.
    std::string state_dir{};

    // ---- breaking holds (breaking.hpp)

    /// Who may break the holds of this peer, where `lock_options::break_policy` does not say.
    holdfast::break_policy break_policy{};
    /// After an exclusive hold of this peer that ended without a release, the lock is granted to no
    /// one for this long, where `lock_options::lock_delay` does not say. A fenced hold has no
    /// delay. LIVE comes later by it. At most 60 s.
    std::chrono::milliseconds lock_delay{0};
    /// The names of the operators whose requests this peer, as an owner or a voter, accepts. The
    /// same list at every peer. A name is no proof: every process with the cluster's key can use
    /// it. Empty: all.
    std::vector<std::string> operators{};

    /// Starts a small process that kills this one (SIGKILL) when its lease ends while it holds a
    /// lock, however stopped or hung it is: it then does nothing any more when another may be
    /// granted its locks. A lease that ends for want of a network ends the program too. A hold that
    /// ends in time, by `release` or `break_hold`, does not. The process is forked at the start of
    /// the peer: start it early, before the program is large. Linux 5.9.
    bool watchdog = false;

    /// What the locks of this peer guard can go on when this process has ended: its children work
    /// on, or it holds locks for other processes. Then no other member says that this process is
    /// gone (CERT-4), and after a crash the next holder waits for the lease. False: the members on
    /// the same machine say so as soon as it has ended (CERT-3).
    bool work_outlives_process = false;

    // ---- limits

    /// Requests that may wait for locks at the same time. One more fails with `too_many_requests`.
    /// Each costs about 1 KiB.
    std::size_t max_requests = 100'000;
    /// The largest difference of the rates of two clocks, as a fraction: 0.01 means 10 ms in a
    /// second. Leases are shortened by it and waits made longer. MUTEX needs it to be true. Above
    /// 0, at most 0.1.
    double clock_drift = 0.01;

    // ---- times; nullopt: those of the profile

    /// A: how long a member may act after a majority of the seats last acknowledged it. Longer:
    /// survives longer outages of the network. Shorter: locks of a crashed peer are granted again
    /// sooner. At least 1 s. 1 / 4 / 12 s.
    std::optional<std::chrono::milliseconds> lease{};
    /// How long the seats look for a cluster before they found one. At least the time in which all
    /// of them start. 300 ms / 3 s / 6 s.
    std::optional<std::chrono::milliseconds> bootstrap_wait{};
    /// How long joins and removals are collected for one view; a quarter of it when processes are
    /// certain to have ended (CERT-3). At least 2 round trips. 20 / 100 / 400 ms.
    std::optional<std::chrono::milliseconds> batch_wait{};
    /// How much later the next voter proposes when the one before does not. At least 2 round trips.
    /// 30 / 150 / 600 ms.
    std::optional<std::chrono::milliseconds> proposer_stagger{};
    /// The least pause before a message that is not answered is repeated. Above the usual round
    /// trip. 50 / 200 / 600 ms.
    std::optional<std::chrono::milliseconds> retry{};
    /// How often one other peer is probed. Detection takes about 2 periods, and then the time of a
    /// suspicion (4 * log10(n + 1) periods). Shorter: sooner, with more packets. 100 ms / 1 s / 3
    /// s.
    std::optional<std::chrono::milliseconds> probe_period{};
    /// How long a direct probe may take before others are asked to try. The 99th percentile of the
    /// round trip is a good value. Lower: failures are found sooner, and busy hosts suspected
    /// wrongly. Below `probe_period`. 50 / 500 / 1500 ms.
    std::optional<std::chrono::milliseconds> probe_timeout{};
    /// How often gossip is sent between probes. 50 / 200 / 500 ms.
    std::optional<std::chrono::milliseconds> gossip_period{};
    /// How often one of the dead, or a seat, is tried, so that a healed partition merges by itself.
    /// 1 / 4 / 8 s.
    std::optional<std::chrono::milliseconds> dead_probe_period{};
    /// How often whole rosters are exchanged with another peer. 5 / 30 / 60 s.
    std::optional<std::chrono::milliseconds> push_pull_period{};

    // ---- callbacks

    /// Called for every event, one after another, on a thread of its own (see `peer`). Must not
    /// throw. While 4096 wait, later ones are dropped and counted (statistics::callbacks_missed),
    /// except for events::stopped.
    std::function<void(const event&)> on_event{};

    [[nodiscard]] HOLDFAST_EXPORT static config local();
    [[nodiscard]] HOLDFAST_EXPORT static config lan();
    [[nodiscard]] HOLDFAST_EXPORT static config wan();

    /// Every option that can be given as text, in the order above. The command line, the
    /// environment, files and other languages use this one table.
    [[nodiscard]] HOLDFAST_EXPORT static std::span<const config_option> options();
    /// Sets an option, by its name (`state_dir`, or `state-dir`), from text.
    ///
    /// - Durations: `10s`, `500ms`, `1.5m`, `2h`. A number without a unit means seconds.
    /// - Lists: with commas between.
    /// - Flags: `true`, `yes`, `on`, `1`, or `false`, `no`, `off`, `0`.
    /// - `break_policy`: `operators`, `operators:N` (N approvals) or `none`; and, after a comma,
    ///   `waited:DURATION`.
    ///
    /// Errors: `bad_config`, for an unknown name or a value of the wrong form; nothing is changed
    /// then. Limits are checked by `validate`.
    [[nodiscard]] HOLDFAST_EXPORT result<void> set(std::string_view option, std::string_view value);
    /// The present value of an option as `set` takes it. A time that is not set: empty.
    ///
    /// Errors: `bad_config`, for an unknown name.
    [[nodiscard]] HOLDFAST_EXPORT result<std::string> text_of(std::string_view option) const;

    /// Checks the values without a look at network and files. `peer::start` calls it first.
    ///
    /// Errors: `bad_config`. The text begins with the name of the first bad field, and has its
    /// value and what it may be.
    [[nodiscard]] HOLDFAST_EXPORT result<void> validate() const;
};

/// The times of `c`, or else those of its profile.
struct config_times {
    std::chrono::milliseconds lease, bootstrap_wait, batch_wait, proposer_stagger, retry,
        probe_period, probe_timeout, gossip_period, dead_probe_period, push_pull_period;
};
[[nodiscard]] HOLDFAST_EXPORT config_times times_of(const config& c);

/// A duration as `config::set` takes it. Errors: `bad_config`.
[[nodiscard]] HOLDFAST_EXPORT result<std::chrono::nanoseconds> parse_duration(
    std::string_view text);

}  // namespace holdfast
