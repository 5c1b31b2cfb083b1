// What leases allow, looked at after every step: MUTEX, MINORITY, ENDS.
#pragma once

#include "sim/judged_facts.hpp"

namespace holdfast::sim {

class lease_judge {
public:
    using run = judged_facts::run;
    using lock = judged_facts::lock;

    explicit lease_judge(judged_facts& told) : facts_{told} {}

    /// After every step of `r`, when all else was told: its lease ends then, by its own clock put
    /// into true time; nothing without a lease. Told again when the rate of its clock changes.
    void lease(run r, std::optional<instant> ends, instant now);
    /// MINORITY: an owner granted.
    void check_grant(run owner, lock l, token t, view_number in, instant now);

private:
    /// When it last heard from this seat: from its own, now.
    [[nodiscard]] static std::optional<instant> last_heard(const judged_facts::participant& p,
                                                           std::size_t seat, instant now);
    /// Until when a quorum of seats can have let it act, given what it was told.
    [[nodiscard]] std::optional<instant> cut_off_at(const judged_facts::participant& p,
                                                    instant now) const;
    /// Whether that is not before `ends`: asked after every step.
    [[nodiscard]] bool may_act_until(const judged_facts::participant& p, instant ends,
                                     instant now) const;
    void check_hold(run r, const judged_facts::guarded& g, judged_facts::hold& h, bool has_ended,
                    instant now);
    void check_against_the_others(run r, instant now);
    void object_to_both(const judged_facts::guarded& g, const judged_facts::hold& mine,
                        const judged_facts::hold& other, instant now);
    void check_ends(run r, const judged_facts::guarded& g, const judged_facts::hold& h,
                    instant now);

    judged_facts& facts_;
};

}  // namespace holdfast::sim
