#include "peer/admin.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "base/settings.hpp"
#include "lock/records.hpp"
#include "peer/clock.hpp"
#include "peer/identity.hpp"
#include "peer/setup.hpp"
#include "peer/to_public.hpp"

namespace holdfast::runtime {
namespace {

/// The last word of one part of an inquiry, if it is of that kind.
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

result<lock_list> admin::list(base::duration wait) {
    const auto until = deadline_after(wait);
    auto owners = driver_.slots_by_owner();
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

lock::quorum_query admin::ask_the_seats(const lock::question& what) {
    const auto v = driver_.installed();
    return v ? lock::ask_the_seats(*v, what) : lock::quorum_query{};
}

audit_record admin::new_record(admin_action what, std::string name, holdfast::token token,
                               const break_options& options) {
    auto r = driver_.locked([&](const node::node&) { return driver_.new_record(); });
    r.what = what;
    r.name = std::move(name);
    r.token = token;
    r.who = options.who.empty() ? driver_.settings().name : options.who;
    r.why = options.why;
    return r;
}

result<void> admin::write(const audit_record& what, base::time_point until) {
    auto asked = ask_the_seats(lock::store_record{0, what});
    if (asked.parts.size() >= asked.needed) {
        if (auto done = driver_.inquire(asked, until); !done) {
            return done;
        }
    }
    if (!asked.has_enough()) {
        return fail(asked.parts.empty() ? errc::not_a_member : errc::no_quorum,
                    "this could not be recorded at a majority of the seats, so it was not done");
    }
    return {};
}

void admin::write_outcome(audit_record& what, base::time_point begun) {
    ++what.revision;
    what.took = std::chrono::duration_cast<std::chrono::milliseconds>(boot_now() - begun);
    (void)write(what, boot_now() + driver_.settings().lease);
}

result<std::vector<audit_record>> admin::audit_log(base::duration wait) {
    if (driver_.is_forked()) {
        return fail(errc::shutting_down);
    }
    auto asked = ask_the_seats(lock::read_records{});
    if (asked.parts.size() >= asked.needed) {
        if (auto done = driver_.inquire(asked, deadline_after(wait)); !done) {
            return tl::unexpected<error>{done.error()};
        }
    }
    if (!asked.has_enough()) {
        return fail(asked.parts.empty() ? errc::not_a_member : errc::no_quorum);
    }
    lock::archive all;
    for (const auto& p : asked.parts) {
        if (const auto* heard = last_word_of<lock::records_read>(p)) {
            for (const auto& r : heard->records) {
                all.keep(r);
            }
        }
    }
    auto out = all.all();
    std::stable_sort(out.begin(), out.end(), [](const audit_record& x, const audit_record& y) {
        return x.at_ms < y.at_ms;
    });
    return out;
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
    const auto begun = boot_now();
    const auto until = deadline_after(options.wait);
    auto r = new_record(how == lock::revoke_kind::request_release ? admin_action::requested_release
                                                                  : admin_action::broke,
                        std::string{name}, token, options);
    // For the record alone, so not for long: an owner that gathers tells the demand later.
    const auto now =
        inspect(name, std::min<base::duration>(options.wait, 4 * driver_.settings().retry));
    for (const auto& h : now ? now->holders : std::vector<lock_holder>{}) {
        if (h.token == token) {
            r.whom = h.peer;
            r.whom_name = h.peer_name;
        }
    }
    if (auto written = write(r, until); !written) {
        return tl::unexpected<error>{written.error()};
    }
    lock::quorum_query asked;
    asked.parts.push_back(
        {lock::revoke_request{0, std::string{name}, token, how, r.who, r.why, options.wait}, {}});
    const auto done = driver_.inquire(asked, until);
    if (const auto* heard = heard_of<lock::revoke_reply>(asked.parts.front())) {
        r.outcome = heard->so_far;
    }
    write_outcome(r, begun);
    if (!done) {
        return tl::unexpected<error>{done.error()};
    }
    return r.outcome;
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
    const auto begun = boot_now();
    const auto until = deadline_after(options.wait);
    const auto known = find_member(whom);
    if (!known) {
        return tl::unexpected<error>{known.error()};
    }
    auto r = new_record(admin_action::evicted, {}, {}, options);
    r.whom = whom;
    r.whom_name = known->name;
    if (auto written = write(r, until); !written) {
        return written;
    }
    const bool is_process_gone =
        known->process.machine == driver_.settings().process.machine && is_gone(known->process);
    auto proof = is_process_gone ? views::proof::gone : views::proof::none;
    if (options.fence && options.fence(*known)) {
        proof = views::proof::fenced;
        r.what = admin_action::fenced;
    }
    if (auto entered =
            driver_.with_node([&](node::node& n) { n.evict(whom, proof, until, moment_now()); });
        !entered) {
        return entered;
    }
    const bool is_removed = driver_.wait_removed(whom, until);
    r.outcome.stage = is_removed ? break_stage::ended : break_stage::sent;
    write_outcome(r, begun);
    if (!is_removed) {
        return fail(
            errc::timed_out,
            "it still is a member: a majority of the seats must be up, and stay filled without it");
    }
    return {};
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
