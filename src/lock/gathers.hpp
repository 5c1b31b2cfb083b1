// A new owner asks the members what they hold (OWN-4, OWN-8).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/pace.hpp"
#include "base/retry.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"
#include "lock/owner_output.hpp"
#include "lock/void_times.hpp"

namespace holdfast::lock {

class gathers {
public:
    struct report_heard {
        std::uint64_t number = 0;
        std::vector<hold_info> holds;
        std::vector<delay> delays{};
        base::time_point at{};  // when it was heard
    };
    struct round {
        view_number named;
        epoch promise;  // that view's epoch (HOLD-1)
        std::set<slot> slots;
        std::map<peer_id, report_heard> heard;
        base::retry again{};
        bool is_told = false;  ///< OWN-12: members say it unasked
    };

    gathers(const base::settings& settings, base::pace& pace) : settings_{settings}, pace_{pace} {}

    /// Gained in view `named`; asked for by the next ask_wanted(). `is_told`: that view removed its
    /// owner, so members say unasked what they hold, and are asked only if that does not come
    /// (OWN-12).
    void want(slot s, view_number named, epoch promise, bool is_told);
    /// The slot is ours no more.
    void forget(slot s);
    void ask_wanted(const view& v, base::time_point now, owner_outbox& out);
    void repeat(const view& v, base::time_point now, owner_outbox& out);
    /// LOAD-4: a stream was lost. `member` is asked what it has not answered.
    void ask_again(const peer_id& member, const view& v, owner_outbox& out) const;
    /// Whether a gather knows more now than before.
    [[nodiscard]] bool hear(const peer_id& from, const report& given, const view& v,
                            base::time_point now, owner_outbox& out);
    /// OWN-12: the same of what a voter has collected.
    [[nodiscard]] bool hear(const no_holds_of& told, const view& v, base::time_point now);
    /// Those that need not wait for anything more, and are no more among these. `look_again`: when
    /// time alone may finish another one.
    [[nodiscard]] std::vector<round> take_finished(const view& v, const void_times& voids,
                                                   base::time_point now,
                                                   std::optional<base::time_point>& look_again);
    [[nodiscard]] bool has(slot s) const;
    [[nodiscard]] std::optional<base::time_point> deadline() const;

    void invariants() const;

private:
    friend struct explore::state_access;

    struct wanted_slot {
        view_number named;
        epoch promise;
        bool is_told = false;
    };

    void start(round begun, unsigned attempt, const view& v, base::time_point now,
               owner_outbox& out);
    void halve(std::uint64_t serial, const view& v, base::time_point now, owner_outbox& out);
    void ask(std::uint64_t serial, round& g, const view& v, base::time_point now,
             owner_outbox& out);
    void put_off(round& g, base::time_point now) const;
    [[nodiscard]] bool take(round& g, const peer_id& from, const report& given,
                            base::time_point now);
    [[nodiscard]] bool is_finished(const round& g, const view& v, const void_times& voids,
                                   base::time_point now,
                                   std::optional<base::time_point>& look_again) const;

    const base::settings& settings_;
    base::pace& pace_;
    std::map<std::uint64_t, round> rounds_;  // by serial
    std::uint64_t last_serial_ = 0;
    std::map<slot, wanted_slot> wanted_;
};

}  // namespace holdfast::lock
