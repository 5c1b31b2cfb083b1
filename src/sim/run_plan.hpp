// What a seed stands for: the cluster, its clocks, its network, the faults it will meet and what
// its applications do.
//
// Swarm testing (Groce and others, ISSTA 2012): each seed leaves some kinds of faults out and makes
// others strong, for a run that has everything at once seldom gets anywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "sim/instant.hpp"
#include "sim/message_kind.hpp"
#include "sim/mutants.hpp"
#include "sim/network.hpp"
#include "sim/trouble.hpp"

namespace holdfast::sim {

/// Whether faults are aimed (adversary.hpp).
enum class aims : std::uint8_t {
    none,     ///< random faults only
    instead,  ///< of random faults
    beside,   ///< them
};

struct options {
    std::uint64_t seed = 1;
    std::size_t nodes = 5;
    instant length = std::chrono::seconds{60};  ///< with faults; then everything is mended
    sim::mutant mutant = sim::mutant::none;
    /// clocks break the bound; MUTEX may then fail, FENCE may not
    bool drift_beyond = false;
    sim::aims aims = sim::aims::none;
    /// also what wide_plan.hpp draws
    bool is_wide = false;
    std::FILE* trace = nullptr;
};

enum class fault : std::uint8_t {
    /// a process dies and is started again as a new peer, at once or much later
    crash,
    crash_majority,  ///< a majority of the seats at the same time
    /// a process stops and its clocks go on; sometimes between its decision and its packets
    pause,
    split,     ///< two groups
    isolate,   ///< one or two processes alone, owner and holder together as likely as not
    cut_link,  ///< two processes cannot talk
    one_way,   ///< packets pass in one direction only
    leave,     ///< a process leaves properly and another takes its place
    clock_rate,
    wall_step,
    slow_link,  ///< packets in one direction take up to seconds
    reset_streams,
    /// gossip about a process does not get through; sometimes it is then cut off
    gossip_blackout,
    trigger,  ///< something happens at the very moment when a certain message is sent
    /// tables are held up, and former ones to the same process come again just before
    old_tables,
    /// a process is cut off until its removal is voted on, heard for a moment, and cut off again
    late_removal,
    false_certificate,  ///< a living process is certified as gone (CERT-3)
    /// in place of a pause: a machine sleeps, and takes the time for up to a second shorter than it
    /// was, or longer (NOW-2)
    suspend,
    slewed_clock,  ///< all clocks of a machine but the raw one, which nothing may notice (NOW-2)
    no_streams,    ///< between a process and one other, or all; datagrams pass
    no_datagrams,  ///< streams pass
    crash_loop,    ///< a process dies again and again, within a lease of each start
    /// a process says or hears nothing by streams, and its datagrams pass (LEASE-8)
    mute_streams,
};
constexpr std::size_t fault_kinds = 23;
/// Of the others, the first is drawn where machines are shared, the rest by figures of their own.
constexpr std::size_t drawn_fault_kinds = 16;
[[nodiscard]] std::string_view to_string(fault f);

/// Messages of one kind fare worse than the others.
struct grudge {
    message_kind against{};
    double loss = 0;
    double delay = 0;
    base::duration longest_delay{};
};

struct fault_plan {
    std::vector<fault> kinds;
    base::duration mean_wait{};  ///< between one fault and the next
    base::duration longest_cut{};
    base::duration longest_pause{};
    base::duration longest_outage{};
    std::vector<grudge> grudges;
    /// the chance that an owner loses its lease, then the holder is cut off, then the owner is
    /// started anew
    double orphans = 0;
    /// the chance that views change as fast as they can for a while; then all processes restart
    /// (VIEW-1)
    double rushes = 0;
    /// the chance that a grant is held up, and its hold broken before it arrives (BREAK-1)
    double breaks = 0;
    double suspends = 0;     ///< the chance that a pause is one of the machine (NOW-2)
    double slews = 0;        ///< at each fault, that a clock is slewed for a while (NOW-2)
    double half_open = 0;    ///< at each fault, that streams or datagrams do not pass for a while
    double crash_loops = 0;  ///< at each fault, that a process begins to die again and again
    double mutes = 0;        ///< at each fault, that streams bring nothing for a while (LEASE-8)
};

/// How the disk of a process fares (DISK-1).
struct disk_plan {
    base::duration longest_write{};
    instant full_until{};
};

struct place_plan {
    std::string name;
    endpoint address;
    std::uint32_t weight = 1;
    std::uint64_t machine = 0;  ///< which others share (CERT-1); 0: unknown, so no process checks
    /// if any, another than that of all others: configured wrongly (LEASE-6)
    std::optional<base::duration> lease;
    std::vector<endpoint> seeds;  ///< if any, others than those of all others (FOUND-2)
    instant first_start{};
    base::time_point raw;  ///< what its clock shows at first
    int parts_per_million = 0;
    std::int64_t wall_s = 0;
    /// it is of a later version, with so many fields more in each struct that it sends (WIRE-1)
    std::size_t unknown_fields = 0;
    disk_plan disk{};            ///< until the faults end
    bool disk_fills_up = false;  ///< then, for good

    /// No cluster lets it in.
    [[nodiscard]] bool is_misfit() const { return lease || !seeds.empty(); }
};

/// How applications use a lock.
struct style {
    double shared = 0;        ///< the chance that it is asked for shared
    std::uint32_t limit = 0;  ///< if any, it is a semaphore
    double wrong_limit = 0;   ///< the chance that a request has it wrong (LIMIT)
};

struct work_plan {
    std::size_t clients = 1;  ///< for each process
    base::duration longest_think{};
    base::duration longest_hold{};
    double long_holds = 0;  ///< the chance that a hold lasts up to four leases
    bool watches = false;   ///< processes watch locks
    /// the chance, at each request, that its process inspects a lock first (LOOK-1)
    double looks = 0;
    /// that an operator requests the release of a hold, or breaks one (BREAK-1, BREAK-2)
    double demands = 0;
    double evictions = 0;  ///< that an operator evicts a process (VIEW-8)
    double several = 0;    ///< that a request is for several locks at once (ALL-1)
    /// that an operator writes an audit record, or reads the records (RECORD-1)
    double records = 0;
    /// that a request says who may break its hold, or when it ends by itself
    double policies = 0;
};

/// A lasting fault of one process, from the end of the other faults until all requests were served.
/// It must not cost the other processes anything.
enum class impairment : std::uint8_t {
    none,
    is_deaf,  ///< it is heard and hears no process (VIEW-2)
    /// only processes without a seat hear it, and they say that it lives (VIEW-5)
    loses_the_seats,
    /// gossip believes it dead, its lease is renewed (VIEW-2); later another crashes
    is_without_gossip,
    /// but not so late that it lags behind (LEASE-1); another comes and goes meanwhile
    hears_of_views_late,
    /// although its datagrams come through (LEASE-7); an owner crashes meanwhile
    hears_of_no_views,
    /// it and as many seats as make a majority stay down; operators name others (FORCE-1)
    seats_are_gone,
    /// it stays down, and so many other seats restart that no quorum has a view (FOUND-6)
    seats_do_not_outlive,
};

/// What goes on while LIVE is checked. It excuses only processes that cannot be served.
struct liveness_plan {
    impairment what = impairment::none;
    std::uint32_t whom = 0;  ///< the place of that process
    /// two processes never talk again (NET-1)
    std::optional<std::pair<std::uint32_t, std::uint32_t>> cut_link;
    /// leaves, and no process takes its place
    std::optional<std::uint32_t> leaver;
    /// is killed within a lease of each start, again and again (OWN-11)
    std::optional<std::uint32_t> churned;
    bool owner_crashes = false;
    /// else that of the first lock
    std::optional<std::uint32_t> which_owner;
    base::duration owner_crashes_after = std::chrono::milliseconds{1500};
    /// at last some locks are held and no process asks for one (SILENCE)
    bool rests = false;
};

/// What a stranger does with packets that it has recorded (replayer.hpp).
struct replay_plan {
    bool is_recording = false;
    base::duration mean_wait{};  ///< between one that comes again and the next; none: none comes
    double kept_back = 0;        ///< the chance that a datagram does not arrive, and may come later
};

struct run_plan {
    options asked;
    base::settings common;  ///< all but name, address and weight
    std::size_t seats = 1;  ///< the first places
    std::vector<place_plan> places;
    std::vector<std::string> locks;
    std::vector<style> styles;  ///< of the locks, in the same order
    /// the first of them; each other is asked for once in a run, by one process
    std::size_t shared_locks = 0;
    bool has_state_dir = false;
    int most_parts_per_million = 0;  ///< no clock is further off
    base::duration longest_timer_delay{};
    weather network;
    fault_plan faults;
    work_plan work;
    liveness_plan liveness_phase;
    bool is_sealed = true;  ///< the cluster has a key
    /// bytes of a segment of every stream, as the system says it (base::way)
    std::uint32_t segment = 1448;
    replay_plan replays;
    /// Nothing goes wrong but that datagrams are lost: no lease ends (LEASE-9).
    bool is_loss_alone = false;
    std::vector<trouble> troubles;  ///< that stand in the plan as a whole
};

[[nodiscard]] run_plan draw(const options& asked);
[[nodiscard]] endpoint address_of(std::size_t place);

}  // namespace holdfast::sim
