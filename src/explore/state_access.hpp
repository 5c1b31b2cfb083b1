// The members of the machines that are explored: which are part of a state, and their timers.
//
// Each class is taken apart by a structured binding, which does not compile when a member was added
// or removed. The author of that change decides in state_access_*.cpp whether the member can make a
// difference to what the machine does next. If so, it is added to the digest; if not, the reason
// goes beside it. A member that is wrongly left out hides states.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "explore/digest.hpp"
#include "lock/holder.hpp"
#include "lock/owner.hpp"
#include "lock/roll_calls.hpp"
#include "view/agreement.hpp"

namespace holdfast::explore {

/// The timers of an agreement that has a view, and of one that has none.
enum class view_timer : std::uint8_t { proposer, recover, look, join };
inline constexpr std::array all_view_timers{view_timer::proposer, view_timer::recover,
                                            view_timer::look, view_timer::join};

struct state_access {
    /// Times are left out but for whether they are set: the explorer makes a timer due when it
    /// likes. So is chance, which only makes waits longer.
    static void add(digest& out, const views::agreement& a);

    [[nodiscard]] static bool is_armed(const views::agreement& a, view_timer which);
    static void set(views::agreement& a, view_timer which, base::time_point due);

    static void add(digest& out, const lock::owner& o, base::time_point now);
    static void add(digest& out, const lock::holder& h);
    static void add(digest& out, const lock::roll_calls& c);
    /// What is repeated until it is answered is due then.
    static void set_repeats(lock::owner& o, base::time_point due);
    static void set_repeats(lock::holder& h, base::time_point due);
    static void set_repeats(lock::roll_calls& c, base::time_point due);
    /// The leases of removed peers end (`void_at`), if there are any that have not.
    [[nodiscard]] static bool waits_for_leases(const lock::owner& o, base::time_point now);
    static void end_leases(lock::owner& o, base::time_point now);
    [[nodiscard]] static std::uint64_t reports(const lock::holder& h) { return h.last_report_; }
    [[nodiscard]] static std::uint32_t sequence(const lock::owner& o) {
        return o.granter_.sequence_;
    }
    [[nodiscard]] static std::vector<holdfast::token> held(const lock::holder& h);

private:
    static void add(digest& out, const lock::granter& g, base::time_point now);
    static void add(digest& out, const lock::tenures& t);
    static void add(digest& out, const lock::gathers& g);
    static void add(digest& out, const lock::transfers& t);
    static void add_breaks(digest& out, const lock::revocations& r);
    static void add(digest& out, const lock::owner_link& l);

    static void add(digest& out, const views::view_log& c);
    static void add(digest& out, const views::membership_hints& c);
    static void add(digest& out, const views::change_acceptor& a);
    static void add(digest& out, const views::proposer& p);
    static void add(digest& out, const views::joining& j);
    static void add(digest& out, const views::founding& f);
    static void add(digest& out, const views::epoch_memory& e);
};

}  // namespace holdfast::explore
