#include "peer/admin.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "base/settings.hpp"
#include "peer/audit_call.hpp"
#include "peer/clock.hpp"
#include "peer/identity.hpp"
#include "peer/setup.hpp"
#include "peer/to_public.hpp"

namespace holdfast::runtime {
namespace {

/// The final answer to one part of an inquiry, if it is of that kind.
template <class Answer>
const Answer* last_word_of(const lock::quorum_query::part& p) {
    return p.is_last_word ? std::get_if<Answer>(&*p.heard) : nullptr;
}
/// What was heard of it so far.
template <class Answer>
const Answer* heard_of(const lock::quorum_query::part& p) {
    return p.heard ? std::get_if<Answer>(&*p.heard) : nullptr;
}

result<void> check(const break_options& options) {
    if (options.who.size() > base::limits::who) {
        return fail(errc::value_too_long, "`who` has at most 128 bytes");
    }
    if (options.why.size() > base::limits::why) {
        return fail(errc::value_too_long, "`why` has at most 1024 bytes");
    }
    return {};
}

/// Of an audit that ended so.
tl::unexpected<error> not_done(errc why) {
    switch (why) {
        case errc::no_quorum:
            return fail(why,
                        "this could not be recorded at a majority of the seats, so it was not "
                        "done");
        case errc::timed_out:
            return fail(why,
                        "it still is a member: a majority of the seats must be up, and stay "
                        "filled without it");
        default:
            return fail(why);
    }
}

}  // namespace

// ---- looking

result<lock_report> admin::inspect(std::string_view name, base::duration wait) {
    if (name.empty() || name.size() > base::limits::name) {
        return fail(errc::name_too_long);
    }
    const std::string whole{name};
    lock::quorum_query asked;
    asked.parts.push_back({lock::inspect_request{0, whole}, {}});
    if (auto done = driver_.inquire(asked, deadline_after(wait)); !done) {
        return tl::unexpected<error>{done.error()};
    }
    const auto* heard = heard_of<lock::inspect_reply>(asked.parts.front());
    return driver_.locked(
        [&](const node::node& n) -> result<lock_report> { return report_of(n, whole, heard); });
}

result<lock_report> admin::inspect_certain(std::string_view name, base::duration wait) {
    auto seen = inspect(name, wait);
    if (seen && seen->state != slot_state::serving) {
        return fail(errc::timed_out, seen->explain());
    }
    return seen;
}

result<std::map<peer_id, std::uint32_t>> admin::slots_by_owner() {
    using slots = std::map<peer_id, std::uint32_t>;
    if (driver_.is_forked()) {
        return fail(errc::shutting_down);
    }
    return driver_.locked([&](const node::node& n) -> result<slots> {
        if (auto is_open = driver_.check_open(); !is_open) {
            return tl::unexpected<error>{is_open.error()};
        }
        const auto map = n.map();
        if (!map) {
            return fail(errc::not_a_member);
        }
        slots out;
        for (const auto index : map->owner_index) {
            ++out[map->owners[index]];
        }
        return out;
    });
}

result<lock_list> admin::list(base::duration wait) {
    const auto until = deadline_after(wait);
    auto owners = slots_by_owner();
    if (!owners) {
        return tl::unexpected<error>{owners.error()};
    }
    auto& not_served = *owners;  // slots of owners that have not told all yet
    std::map<peer_id, std::string> after;
    for (const auto& [owner, slots] : not_served) {
        after.emplace(owner, "");
    }
    lock_list out;
    while (!after.empty()) {
        lock::quorum_query asked;
        for (const auto& [owner, last] : after) {
            asked.parts.push_back({lock::list_locks{0, last}, owner});
        }
        asked.needed = asked.parts.size();
        if (auto done = driver_.inquire(asked, until); !done) {
            return tl::unexpected<error>{done.error()};
        }
        after.clear();
        for (const auto& p : asked.parts) {
            const auto* heard = last_word_of<lock::listed>(p);
            if (heard == nullptr) {
                continue;
            }
            append(out, p.to, *heard);
            if (heard->is_all || heard->locks.empty()) {
                not_served[p.to] = heard->not_served;
            } else {
                after.emplace(p.to, heard->locks.back().name);
            }
        }
    }
    std::sort(out.locks.begin(), out.locks.end(),
              [](const listed_lock& x, const listed_lock& y) { return x.name < y.name; });
    for (const auto& [owner, slots] : not_served) {
        out.slots_not_served += slots;
    }
    return out;
}

void admin::append(lock_list& to, const peer_id& owner, const lock::listed& part) {
    driver_.locked([&](const node::node& n) {
        for (const auto& l : part.locks) {
            listed_lock one{l.name, owner, {}, l.summary.holders, l.summary.waiting};
            for (const auto& h : l.summary.held) {
                one.holders.push_back(holder_from(n, h));
            }
            to.locks.push_back(std::move(one));
        }
    });
}

// ---- records

node::operator_words admin::words_of(const break_options& options) const {
    auto who = options.who;
    if (who.empty()) {
        who = driver_.locked([&](const node::node&) { return driver_.settings().name; });
    }
    return {std::move(who), options.why};
}

result<audit_history> admin::audit_log(base::duration wait) {
    audit_call call{driver_};
    const auto until = deadline_after(wait);
    auto done = call.begin([&](node::node& n) { return n.read_audit_log(until, moment_now()); });
    if (done) {
        done = call.wait_end();
    }
    if (!done) {
        return tl::unexpected<error>{done.error()};
    }
    const auto& read = call.read();
    if (read.failure) {
        return fail(*read.failure);
    }
    return read.what;
}

// ---- ending holds

result<break_outcome> admin::revoke(lock::revoke_kind how, std::string_view name,
                                    holdfast::token token, break_options options) {
    if (name.empty() || name.size() > base::limits::name) {
        return fail(errc::name_too_long);
    }
    if (token.value <= 0) {
        return fail(errc::bad_config,
                    "a token is a positive number; a look shows that of each hold");
    }
    if (driver_.is_forked()) {
        return fail(errc::shutting_down);
    }
    if (auto fits = check(options); !fits) {
        return tl::unexpected<error>{fits.error()};
    }
    const node::revocation wanted{how, std::string{name}, token, words_of(options), options.wait};
    const auto until = deadline_after(options.wait);
    audit_call call{driver_};
    auto done = call.begin([&](node::node& n) { return n.revoke(wanted, until, moment_now()); });
    if (done) {
        done = call.wait_end();
    }
    if (!done) {
        return tl::unexpected<error>{done.error()};
    }
    if (call.ended().failure) {
        return not_done(*call.ended().failure);
    }
    return call.ended().outcome;
}

result<member> admin::find_member(const peer_id& whom) {
    return driver_.locked([&](const node::node& n) -> result<member> {
        if (auto is_open = driver_.check_open(); !is_open) {
            return tl::unexpected<error>{is_open.error()};
        }
        const auto v = n.installed();
        if (!v) {
            return fail(errc::not_a_member, "this peer is in no cluster");
        }
        const auto* m = v->find(whom);
        return m == nullptr ? result<member>{fail(errc::bad_config, "no member has this id")}
                            : result<member>{*m};
    });
}

result<void> admin::evict(const peer_id& whom, break_options options) {
    if (driver_.is_forked()) {
        return fail(errc::shutting_down);
    }
    if (auto fits = check(options); !fits) {
        return fits;
    }
    const auto until = deadline_after(options.wait);
    const auto known = find_member(whom);
    if (!known) {
        return tl::unexpected<error>{known.error()};
    }
    const auto words = words_of(options);
    if (!driver_.settings().is_operator(words.who)) {
        return fail(errc::bad_config, "operators: \"" + words.who +
                                          "\" is none of them, so the seats would not listen; name "
                                          "one that is, or add it at every seat");
    }
    audit_call call{driver_};
    auto done =
        call.begin([&](node::node& n) { return n.evict(whom, words, until, moment_now()); });
    if (!done) {
        return done;
    }
    const auto may_act = call.wait_recorded();
    if (!may_act) {
        return tl::unexpected<error>{may_act.error()};
    }
    if (*may_act) {
        call.act(proof_of(*known, options));
    }
    done = call.wait_end();
    if (!done) {
        return done;
    }
    const auto& failure = call.ended().failure;
    // It was a member a moment ago, or the voters know of the wish: the end of this PeerId does not
    // take it back.
    const bool is_gone_before = failure == errc::bad_config;
    const bool may_be_done = *may_act && failure == errc::not_a_member;
    if (!failure || is_gone_before) {
        return {};
    }
    const auto is_removed = [&](const view* v) { return v != nullptr && !v->has(whom); };
    if (may_be_done && driver_.wait_until(is_removed, until - raw_now())) {
        return {};
    }
    return not_done(*failure);
}

/// What is certain of a member that is to be evicted (CERT-1, CERT-2). On this thread, for it may
/// take its time.
views::proof admin::proof_of(const member& m, const break_options& options) const {
    if (options.fence && options.fence(m)) {
        return views::proof::fenced;
    }
    const auto here = driver_.locked([&](const node::node&) { return driver_.settings().process; });
    const bool is_here = m.process.machine == here.machine;
    return is_here && look_for(m.process).is_gone ? views::proof::gone : views::proof::none;
}

// ---- a cluster whose seats are gone (FORCE-1)

result<void> admin::force_new_cluster(const std::vector<std::string>& seats) {
    if (driver_.is_forked()) {
        return fail(errc::shutting_down);
    }
    auto wanted = driver_.options();
    wanted.seeds = seats;
    if (seats.empty()) {
        return fail(errc::bad_config, "seeds: name the seats of the new cluster");
    }
    if (auto sound = wanted.validate(); !sound) {
        return sound;
    }
    auto found = look_up_seats(seats);
    if (!found) {
        return tl::unexpected<error>{found.error()};
    }
    std::sort(found->begin(), found->end());  // FOUND-2
    return driver_.start_over_with(std::move(*found));
}

}  // namespace holdfast::runtime
