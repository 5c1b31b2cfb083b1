// What may be said of a cluster in a scenario, and who and what its words stand for.
#include <algorithm>
#include <array>

#include "base/message_groups.hpp"
#include "runner.hpp"
#include "wire/codec.hpp"

namespace holdfast::scenarios {
namespace {

using namespace std::chrono_literals;

/// Every kind of message by its name on the wire: `lock.grant`.
template <class Layer>
void add_kinds(std::map<std::string, sim::message_kind>& kinds) {
    base::for_each_message<Layer>([&]<class Kind>(std::in_place_type_t<Kind>) {
        const node::message m{Layer{Kind{}}};
        kinds.emplace(wire::name_of(m), sim::kind_of(m));
    });
}

const std::map<std::string, sim::message_kind>& all_kinds() {
    static const auto kinds = [] {
        std::map<std::string, sim::message_kind> out;
        add_kinds<swim::message>(out);
        add_kinds<views::message>(out);
        add_kinds<lease::message>(out);
        add_kinds<lock::message>(out);
        return out;
    }();
    return kinds;
}

/// The place of the next word among `names`.
template <std::size_t N>
std::size_t take_one_of(words& w, const std::array<std::string_view, N>& names,
                        const std::string& objection) {
    const auto name = w.take();
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) {
        w.object(objection + name);
    }
    return static_cast<std::size_t>(at - names.begin());
}

swim::condition take_liveness(words& w) {
    constexpr std::array<std::string_view, 4> names{"alive", "suspect", "dead", "left"};
    return static_cast<swim::condition>(take_one_of(w, names, "no liveness is called "));
}

end_reason take_end_reason(words& w) {
    constexpr std::array<std::string_view, 6> names{"none", "released", "expired",
                                                    "died", "broken",   "unknown"};
    return static_cast<end_reason>(take_one_of(w, names, "no end of a hold is called "));
}

}  // namespace

// ---- conditions

runner::condition runner::condition_of(words w) {
    if (w.takes("not")) {
        return [c = condition_of(w)] { return !c(); };
    }
    if (w.takes("no peer holds")) {
        const auto l = take_lock(w);
        w.expect_end();
        return [this, l] {
            for (place at = 0; at < machines_.places(); ++at) {
                if (holds(at, l)) {
                    return false;
                }
            }
            return true;
        };
    }
    if (w.takes("nothing is relayed")) {
        w.expect_end();
        return [this] { return events_.now() - last_relay_ >= 1s; };
    }
    if (w.takes("true")) {
        w.expect_end();
        return [] { return true; };
    }
    const auto those = take_group(w);
    return condition_about(those, w);
}

runner::condition runner::condition_about(const group& those, words w) {
    const auto all = [this, those](auto is_true) {
        return [this, those, is_true] {
            return std::all_of(those.begin(), those.end(),
                               [&](place at) { return machines_.is_up(at) && is_true(at); });
        };
    };
    const auto view_of = [this](place at) { return machines_.node_at(at)->installed(); };
    const auto stake_is = [this](stake::state is, sim::judge::lock l, errc why) {
        return [this, is, l, why](place at) {
            return stake_of(at, l).is == is && stake_of(at, l).why == why;
        };
    };
    const auto what = w.take();
    if (what == "holds") {
        const auto l = take_lock(w);
        const auto before = w.takes("after") ? std::optional{take_end_reason(w)} : std::nullopt;
        const bool must_rise = w.takes("with a higher token");
        w.expect_end();
        return all([this, l, before, must_rise](place at) {
            return holds(at, l) && (!before || stake_of(at, l).before == *before) &&
                   (!must_rise || stake_of(at, l).has_risen);
        });
    }
    if (what == "waits") {
        w.expect("for");
        const auto l = take_lock(w);
        w.expect_end();
        return all(stake_is(stake::state::waiting, l, {}));
    }
    if (what == "lost" || what == "failed") {
        const auto l = take_lock(w);
        const auto why = take_reason(w);
        w.expect_end();
        return all(stake_is(what == "lost" ? stake::state::lost : stake::state::failed, l, why));
    }
    if (what == "was") {
        w.expect("asked to release");
        const auto l = take_lock(w);
        w.expect_end();
        return all([this, l](place at) { return stake_of(at, l).release_requested; });
    }
    if (what == "saw") {
        const auto seen = w.takes("no holder") ? group{} : take_group(w);
        w.expect("in");
        const auto l = take_lock(w);
        w.expect_end();
        return all([this, l, seen](place at) {
            const auto known = seen_holders_.find({at, plan_.locks[l]});
            std::set<peer_id> wanted;
            for (const auto p : seen) {
                wanted.insert(machines_.node_at(p)->self());
            }
            return known != seen_holders_.end() && known->second == wanted;
        });
    }
    if (what == "read") {
        const auto records = w.take_number();
        w.expect("records");
        w.expect_end();
        return all([this, records](place at) {
            return machines_.operators().records_read_at(at) == records;
        });
    }
    if (what == "owns") {
        const auto l = take_lock(w);
        w.expect_end();
        return all([this, l](place at) {
            const auto* n = machines_.node_at(at);
            return n->map() && n->map()->owner_of(n->slot_of(plan_.locks[l])) == n->self();
        });
    }
    if (what == "has" && w.takes("problem")) {
        const auto why = take_reason(w);
        w.expect_end();
        return all([this, why](place at) {
            return std::find(problems_[at].begin(), problems_[at].end(), why) !=
                   problems_[at].end();
        });
    }
    if (what == "sees" && w.takes("liveness")) {
        const auto is = take_liveness(w);
        w.expect("of");
        const auto whom = take_group(w);
        w.expect_end();
        return all([this, whom, is](place at) {
            const auto roster = machines_.node_at(at)->roster();
            return std::all_of(whom.begin(), whom.end(), [&](place other) {
                const auto* n = machines_.node_at(other);
                return n != nullptr &&
                       std::any_of(roster.begin(), roster.end(), [&](const swim::rumour& r) {
                           return r.about == n->self() && r.state == is;
                       });
            });
        });
    }
    if (what == "sees") {
        std::vector<std::string> wanted;
        while (!w.is_over()) {
            wanted.push_back(w.take());
        }
        std::sort(wanted.begin(), wanted.end());
        return all([this, view_of, wanted](place at) {
            std::vector<std::string> seen;
            if (const auto v = view_of(at)) {
                for (const auto& m : v->members) {
                    seen.push_back(names_.name_of(m.id));
                }
            }
            std::sort(seen.begin(), seen.end());
            return seen == wanted;
        });
    }
    if (what == "counts") {
        const auto members = w.take_number();
        w.expect("members");
        w.expect_end();
        return all([view_of, members](place at) {
            return view_of(at) && view_of(at)->members.size() == members;
        });
    }
    if (what == "is" && w.takes("leased")) {
        w.expect_end();
        return all([this](place at) { return machines_.is_leased(at); });
    }
    if (what == "is" && w.takes("settled")) {
        w.expect_end();
        return all([this, view_of](place at) {
            const auto* m =
                view_of(at) ? view_of(at)->find(machines_.node_at(at)->self()) : nullptr;
            return m != nullptr && m->is_settled;
        });
    }
    if (what == "is" && w.takes("in view")) {
        const auto number = w.take_number();
        w.expect_end();
        return all([view_of, number](place at) {
            return view_of(at) && view_of(at)->number.value == number;
        });
    }
    if (what == "is" && w.takes("in one cluster")) {
        w.expect_end();
        return all([view_of, first = those.front()](place at) {
            return view_of(at) && view_of(first) && view_of(at)->cluster == view_of(first)->cluster;
        });
    }
    if (what == "has") {
        const auto who = w.takes("no member") ? std::string{} : w.take();
        w.expect("in seat");
        const auto number = w.take_number();
        w.expect_end();
        return all([this, view_of, who, number](place at) {
            const auto v = view_of(at);
            return v && number <= v->seats.size() && number > 0 &&
                   (v->seats[number - 1].filled_by.is_nil()
                        ? std::string{}
                        : names_.name_of(v->seats[number - 1].filled_by)) == who;
        });
    }
    w.object("no condition: \"" + what + " " + w.text() + "\"");
}

bool runner::holds(place at, sim::judge::lock l) {
    return machines_.is_leased(at) && stake_of(at, l).is == stake::state::held;
}

// ---- words

runner::group runner::take_group(words& w, const group* others_than) {
    const auto text = w.take();
    group out;
    if (text == "others" && others_than != nullptr) {
        for (place at = 0; at < machines_.places(); ++at) {
            if (std::find(others_than->begin(), others_than->end(), at) == others_than->end()) {
                out.push_back(at);
            }
        }
        return out;
    }
    for (const auto& name : names_in(text)) {
        const auto at = place_of(w, name);
        if (!at) {
            w.object("\"" + name + "\" is no peer");
        }
        out.push_back(*at);
    }
    if (out.empty()) {
        w.object("\"" + text + "\" is no peer");
    }
    return out;
}

std::optional<runner::place> runner::place_of(const words& w, const std::string& name) const {
    for (const std::string_view of : {"owner(", "holder("}) {
        if (name.starts_with(of) && name.ends_with(")")) {
            words inner{w.line(), name.substr(of.size(), name.size() - of.size() - 1)};
            const auto l = take_lock(inner);
            return of == "owner(" ? machines_.owner_of(l) : machines_.holder_of(l);
        }
    }
    if (const auto called = called_.find(name); called != called_.end()) {
        return called->second;
    }
    for (place at = 0; at < machines_.places(); ++at) {
        if (plan_.places[at].name == name) {
            return at;
        }
    }
    return std::nullopt;
}

sim::judge::lock runner::take_lock(words& w) const {
    const auto word = w.take();
    for (std::size_t l = 0; l < plan_.locks.size(); ++l) {
        if (word == "\"" + plan_.locks[l] + "\"") {
            return static_cast<sim::judge::lock>(l);
        }
    }
    w.object("\"" + word + "\" is no lock; write its name in quotes");
}

errc runner::take_reason(words& w) const {
    const auto word = w.take();
    for (const auto code : all_error_codes()) {
        if (to_string(code) == word) {
            return code;
        }
    }
    w.object("\"" + word + "\" is no reason");
}

sim::message_kind runner::take_kind(words& w) const {
    const auto word = w.take();
    const auto known = all_kinds().find(word);
    if (known == all_kinds().end()) {
        w.object("\"" + word + "\" is no kind of message; lock.grant is one");
    }
    return known->second;
}

}  // namespace holdfast::scenarios
