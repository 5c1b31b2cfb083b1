// What the judge has been told so far, and what it objects to. Its parts share this.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <holdfast/breaking.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "sim/instant.hpp"

namespace holdfast::sim {

enum class guarantee : std::uint8_t {
    mutex,
    fence,
    one_view,
    no_loss,
    minority,
    live,
    stuck,
    invariant,
    silence,
    watch,
    order,
    fate,
    look,
    all,
    record,
    ends,
    replay,
    lease
};
constexpr std::size_t guarantee_kinds = 18;
[[nodiscard]] std::string_view to_string(guarantee p);

struct violation {
    guarantee broken{};
    instant at{};
    std::string text;
};

struct judged_facts {
    struct rules_of_run {
        instant lease{};  ///< A
        instant slack{};  ///< how late a timer may be
        /// Clock rates differ by less than the bound. Beyond it, what rests on clocks may fail:
        /// MUTEX, NO-LOSS, MINORITY and FENCE over a total restart are then counted as excused.
        bool clocks_keep_the_bound = true;
        /// every process remembers its highest epoch (FENCE over a total restart)
        bool has_state_dir = false;
    };
    /// One run of a process under one PeerId; numbered from 1 by the driver, in the order of their
    /// starts.
    using run = std::uint32_t;
    using lock = std::uint32_t;  // a place in the list of names
    using record_key = std::pair<peer_id, std::uint64_t>;

    /// What an application asks for.
    struct terms {
        lock_mode mode{};
        holdfast::break_policy break_policy{};
        instant longest{};        ///< max_hold
        instant longest_stuck{};  ///< progress_timeout, where it is broken then
        std::int32_t priority = 0;
        std::uint64_t together = 0;  ///< which several locks it is one of (ALL-1); 0: of none
        [[nodiscard]] bool ends_itself() const {
            return longest > instant{} || longest_stuck > instant{};
        }
    };
    struct lock_summary {
        std::set<token> held;
        std::size_t waiting = 0;
    };
    struct look_begun {
        lock at = 0;
        std::set<token> held;  // then
        instant since{};
    };
    struct participant {
        peer_id id;
        std::string name;
        std::optional<std::size_t> seat;
        bool is_leaving = false;
        std::optional<instant> lease_ends;
        std::set<lock> holding;                     // where it has a hold
        std::vector<std::optional<instant>> heard;  // by seat
        cluster_id cluster;
        view_number newest;
        bool has_granted = false;                             // in the present step
        std::map<lock, std::optional<lock_summary>> watched;  // and what was told of it last
        std::map<request_number, terms> requests;             // what was asked for
        std::map<std::uint64_t, look_begun> looks;
        // what was granted of several
        std::map<std::uint64_t, std::set<std::pair<lock, token>>> together;
        // in each reading that is under way
        std::map<std::uint64_t, std::map<record_key, std::uint32_t>> must_read;
        bool is_paused = false;
        instant resumed{};
    };
    struct hold {
        run by = 0;
        token what;
        lock_mode mode;
        terms asked;
        instant since{};
        instant got_on{};
        bool was_valid = false;
        bool is_new = true;  // granted in the present step
        bool has_lapsed = false;
    };
    /// One grant, and its place in the order of all grants of its lock.
    struct given {
        peer_id holder;
        request_number number;
        lock_mode mode;
        std::size_t life = 0;
        view_number in;
        std::uint64_t order = 0;
        auto place() const { return std::tuple{life, in, order}; }
    };
    /// The grants of a lock in one view.
    struct in_view {
        view_number in;
        run owner = 0;
        token first;
        token last;
    };
    struct guarded {
        std::string name;
        std::vector<hold> holds;
        std::map<token, given> tokens;
        /// Of clusters before one that began anew (FOUND-5): late answers still show them.
        std::set<token> former_tokens;
        std::set<token> broken;
        std::map<token, std::set<std::string>> requested_by;  // by which operators
        std::map<std::size_t, std::vector<in_view>> lives;    // views in rising order
        // the gate: what it has let in
        token exclusive_mark;
        token mark;
        std::optional<given> newest_exclusive;
        std::optional<given> newest;
        // LOOK: since when it has been seen, and since when no more
        std::map<token, instant> seen_from;
        std::map<token, instant> gone_from;
        // FATE
        token last_exclusive;  // that an application was told of
        // that one, or one before it, ended without a release, and no holder has said since that
        // all is well
        bool is_unclean = false;
    };

    judged_facts(rules_of_run r, std::vector<std::string> names);

    void object(guarantee broken, instant now, std::string text);
    /// Excused when clocks do not keep the bound.
    void object_by_the_clock(guarantee broken, instant now, std::string text);
    [[nodiscard]] const std::string& name_of(run r) const { return runs[r].name; }
    /// "p1 granted "a" 3/1 in view 3", to begin a sentence with.
    [[nodiscard]] std::string text_of_grant(run owner, lock l, token t, view_number in) const;
    [[nodiscard]] bool is_held(lock l, token t) const;
    [[nodiscard]] bool is_valid(const hold& h, instant now) const;

    rules_of_run rules;
    std::vector<participant> runs;  ///< by run; the first is none
    std::vector<guarded> locks;
    std::vector<violation> violations;
    /// How often each promise was broken that clocks beyond the bound may break.
    std::array<std::uint64_t, guarantee_kinds> excused{};
};

/// `12/3`: epoch and sequence.
[[nodiscard]] std::string text_of_token(token t);
[[nodiscard]] std::string text_of_tokens(const std::set<token>& tokens);
/// `1.25 s`.
[[nodiscard]] std::string text_of_instant(instant at);

}  // namespace holdfast::sim
