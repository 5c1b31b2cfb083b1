#include "view/joining.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::views {
namespace {

using namespace std::chrono_literals;

// JOIN-1
constexpr base::duration between_tests = 1s;
constexpr base::duration longest_test = 60s;

std::string to_text(const lease_terms& t) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(t.lease).count();
    return "lease " + std::to_string(ms) + " ms with clock_drift " + std::to_string(t.drift_ppm) +
           " ppm";
}

}  // namespace

std::string to_text(const std::vector<endpoint>& seeds) {
    std::string out;
    for (const auto& s : seeds) {
        out += (out.empty() ? "" : ",") + to_string(s);
    }
    return out;
}

std::vector<endpoint> seat_addresses(const view& v) {
    std::vector<endpoint> out;
    for (const auto& s : v.seats) {
        out.push_back(s.address);
    }
    return out;
}

// ---- the joiner

bool joining::tick(base::time_point now) {
    if (!base::is_due(next_request_, now)) {
        return false;
    }
    if (base::is_due(tests_until_, now)) {
        tests_until_.reset();
    }
    next_request_ =
        now +
        (is_testing() ? between_tests : settings_.retry * 2 + random_.between({}, settings_.retry));
    HOLDFAST_ASSERT(*next_request_ > now || settings_.retry == base::duration::zero());
    return true;
}

/// 2A, 4A, and so on.
std::optional<base::time_point> joining::end_of_test(const base::settings& settings,
                                                     base::time_point now) {
    if (settings.removals_without_lease == 0) {
        return std::nullopt;
    }
    auto length = settings.lease;
    for (auto i = settings.removals_without_lease; i > 0 && length < longest_test; --i) {
        length *= 2;
    }
    return now + std::min(length, longest_test);
}

void joining::ways_work(base::time_point now) {
    if (next_request_ && is_testing()) {
        tests_until_.reset();
        next_request_ = now;
    }
}

join joining::request() const {
    join asked;
    asked.self = self_;
    asked.seeds = seeds_;
    asked.stopped_being = settings_.stopped_being;
    asked.terms = {settings_.lease, settings_.drift_ppm()};
    if (!shown_.empty() && !is_testing()) {
        // Of two clusters met under one name either will do; the newer chain is the likelier to
        // live.
        asked.shown =
            std::max_element(shown_.begin(), shown_.end(), [](const auto& a, const auto& b) {
                return a.second < b.second;
            })->second;
    }
    return asked;
}

bool joining::learn(const join_shown& told) {
    // Every seat is asked again, not only the one that answered first: the voter that proposes
    // first should know of this peer.
    const auto known = shown_.find(told.cluster);
    if (told.newest.value == 0 || (known != shown_.end() && known->second >= told.newest)) {
        return false;
    }
    shown_ = {{told.cluster, told.newest}};
    return true;
}

bool joining::is_welcome(const welcome& given) const {
    const auto& added = given.added_by.what.added;
    const bool adds_us =
        std::any_of(added.begin(), added.end(), [&](const member& m) { return m.id == self_.id; });
    const auto& before = given.before;
    const bool has_number = before.number.value > 0 && before.number.next() > before.number;
    return adds_us && has_number && before.ring_function == join{}.ring_function &&
           seat_addresses(before) == seeds_ && before.slots > 0 &&
           before.slots <= base::limits::slots;
}

// ---- the voter

joining::answer joining::answer_to(const join& asked, const view_log& log,
                                   const std::optional<founding_value>& founded_by) const {
    HOLDFAST_ASSERT(log.current() != nullptr);
    const auto& v = *log.current();
    if (auto no = objection_to(asked, v)) {
        answer out;
        if (no->why != refusal::ring_not_supported) {
            const bool seeds_differ = no->why == refusal::seeds_differ;
            out.problem = {seeds_differ ? errc::seeds_differ : errc::times_differ,
                           to_string(asked.self.address) + " asked to join with other " +
                               (seeds_differ ? "seeds: " : "times: ") + no->text};
        }
        out.reply = std::move(*no);
        return out;
    }
    if (const auto* m = v.find(asked.self.id)) {
        if (auto whole = log.welcome_for(m->since)) {
            return {std::move(*whole), {}, false};
        }
        if (m->since.value == 1 && founded_by) {
            // a founder that has not heard that view 1 was chosen
            return {founded{*founded_by}, {}, false};
        }
        return {};
    }
    if (v.find_former(asked.self.id) != nullptr) {
        base::count(base::effect::view_3_refuses);
        // VIEW-3: it never comes back. Should it live (added, never welcomed, removed), it needs
        // another PeerId.
        return {join_refused{refusal::stale, "this PeerId was removed"}, {}, false};
    }
    // VIEW-3: a join that was long on its way names a view too old; its sender is shown the newest
    // and may ask again.
    if (!asked.shown || asked.shown->value + base::limits::steps_kept < v.number.value ||
        *asked.shown > v.number) {
        return {join_shown{v.cluster, v.number}, {}, false};
    }
    return {{}, {}, true};
}

std::optional<join_refused> joining::objection_to(const join& asked, const view& v) const {
    if (asked.ring_function != v.ring_function) {
        return join_refused{refusal::ring_not_supported,
                            "the cluster uses ring function " + std::to_string(v.ring_function)};
    }
    const auto seats = seat_addresses(v);
    if (asked.seeds != seats) {
        base::count(base::effect::found_2_refuses);
        return join_refused{refusal::seeds_differ, "our seeds are " + to_text(seats) + ", yours " +
                                                       to_text(asked.seeds) +
                                                       "; give every peer the same list"};
    }
    const lease_terms ours{settings_.lease, settings_.drift_ppm()};
    if (asked.terms != ours) {  // LEASE-6
        base::count(base::effect::lease_6_refuses);
        return join_refused{refusal::times_differ,
                            to_text(asked.terms) + " there, " + to_text(ours) +
                                " in the cluster; give every peer the same profile and times"};
    }
    return std::nullopt;
}

}  // namespace holdfast::views
