#include "node/auditor.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "lock/records.hpp"

namespace holdfast::node {
namespace {

/// The same question to each voter. Enough is a majority of all the seats, so that any two such
/// queries have a voter in common.
lock::quorum_query query_of_seats(const view* v, const lock::question& what) {
    lock::quorum_query out;
    if (v == nullptr) {
        return out;
    }
    for (const auto& s : v->seats) {
        if (!s.filled_by.is_nil()) {
            out.parts.push_back({what, s.filled_by});
        }
    }
    out.needed = v->quorum();
    return out;
}

/// Why a query of the seats has not come to enough.
errc lack_of_quorum(const lock::quorum_query& query) {
    return query.parts.empty() ? errc::not_a_member : errc::no_quorum;
}

audit_history merged(const lock::quorum_query& query) {
    lock::archive all;
    audit_history out;
    for (const auto& p : query.parts) {
        if (const auto* heard =
                p.is_last_word ? std::get_if<lock::records_read>(&*p.heard) : nullptr) {
            for (const auto& r : heard->records) {
                all.keep(r);
            }
            // what one of them lacks the others may lack, too
            out.whole_since_ms = std::max(out.whole_since_ms, heard->whole_since_ms);
        }
    }
    out.records = all.all();
    out.whole_since_ms = all.whole_since_ms(out.whole_since_ms);
    // The clocks of the core count seconds. A peer counts its records.
    const auto is_earlier = [](const audit_record& x, const audit_record& y) {
        return std::tie(x.at_ms, x.by, x.number) < std::tie(y.at_ms, y.by, y.number);
    };
    std::sort(out.records.begin(), out.records.end(), is_earlier);
    return out;
}

}  // namespace

// ---- what begins

auditor::audits::iterator auditor::begin(phase at, admin_action what, const operator_words& by,
                                         base::time_point until, base::moment now) {
    audit a;
    a.at = at;
    a.begun = now.now;
    a.until = until;
    a.what.by = self_;
    a.what.number = ++last_number_;
    a.what.at_ms = wall_ms(now);
    a.what.what = what;
    a.what.who = by.who;
    a.what.why = by.why;
    return all_.emplace(last_number_, std::move(a)).first;
}

std::uint64_t auditor::revoke(const revocation& wanted, base::time_point until, base::moment now) {
    const auto what = wanted.how == lock::revoke_kind::request_release
                          ? admin_action::requested_release
                          : admin_action::broke;
    const auto at = begin(phase::locating, what, wanted.by, until, now);
    const auto number = at->first;
    at->second.what.name = wanted.name;
    at->second.what.token = wanted.token;
    at->second.wanted = wanted;
    if (!view_) {
        finish(at, errc::not_a_member);
        return number;
    }
    // For the record alone, so not for long: an owner that gathers is told of the demand later.
    lock::quorum_query query;
    query.parts.push_back({lock::inspect_request{0, wanted.name}, {}});
    ask(at, std::move(query), std::min(until, now.now + 4 * settings_.retry), now.now);
    invariants();
    return number;
}

std::uint64_t auditor::evict(const peer_id& whom, const operator_words& by, base::time_point until,
                             base::moment now) {
    const auto at = begin(phase::recording, admin_action::evicted, by, until, now);
    const auto number = at->first;
    const auto* m = view_ ? view_->find(whom) : nullptr;
    if (m == nullptr) {
        finish(at, view_ ? errc::bad_config : errc::not_a_member);
        return number;
    }
    at->second.what.whom = whom;
    at->second.what.whom_name = m->name;
    ask_seats(at, phase::recording, until, now.now);
    invariants();
    return number;
}

std::optional<auditor::eviction> auditor::act(std::uint64_t number, views::proof proof,
                                              base::time_point now) {
    const auto at = all_.find(number);
    if (at == all_.end() || at->second.at != phase::waiting) {
        return std::nullopt;
    }
    auto& a = at->second;
    a.at = phase::evicting;
    if (proof == views::proof::fenced) {
        a.what.what = admin_action::fenced;
    }
    if (!view_->has(a.what.whom)) {
        evicted(at, now);
        invariants();
        return std::nullopt;
    }
    invariants();
    return eviction{a.what.whom, a.until, a.what.who};
}

void auditor::record_break(const broke_by_policy& done, base::moment now) {
    const auto until = now.now + 4 * settings_.lease;
    const auto at = begin(phase::noting, admin_action::broke, {done.who, done.why}, until, now);
    auto& r = at->second.what;
    r.name = done.what.name;
    r.token = done.what.token;
    r.whom = done.what.holder;
    const auto* m = view_ ? view_->find(done.what.holder) : nullptr;
    r.whom_name = m == nullptr ? "" : m->name;
    r.who.resize(std::min(r.who.size(), base::limits::who));
    r.outcome.stage = break_stage::sent;
    ask_seats(at, phase::noting, until, now.now);
    invariants();
}

std::uint64_t auditor::read(base::time_point until, base::moment now) {
    const auto at = begin(phase::reading, {}, {}, until, now);
    const auto number = at->first;
    ask(at, query_of_seats(view_.get(), lock::read_records{}), until, now.now);
    invariants();
    return number;
}

// ---- questions

void auditor::ask(audits::iterator at, lock::quorum_query query, base::time_point until,
                  base::time_point now) {
    auto& a = at->second;
    forget_questions(a);
    a.query = std::move(query);
    if (a.query.parts.size() < a.query.needed) {
        advance(at, now);  // it cannot come to enough
        return;
    }
    for (auto& p : a.query.parts) {
        p.number = inquirer_.ask(p.what, p.to, until, now);
    }
}

void auditor::ask_seats(audits::iterator at, phase next, base::time_point until,
                        base::time_point now) {
    at->second.at = next;
    ask(at, query_of_seats(view_.get(), lock::store_record{0, at->second.what}), until, now);
}

void auditor::forget_questions(audit& a) {
    for (const auto& p : a.query.parts) {
        if (!p.is_over) {
            inquirer_.forget(p.number);
        }
    }
    a.query = {};
}

bool auditor::hear(const lock::answered& a, base::time_point now) {
    return hear(a.number, a.what, std::nullopt, now);
}

bool auditor::hear(const lock::unanswered& u, base::time_point now) {
    return hear(u.number, u.so_far, u.why, now);
}

bool auditor::hear(std::uint64_t question, const std::optional<lock::to_asker>& what,
                   std::optional<errc> why_none, base::time_point now) {
    const auto at = std::find_if(all_.begin(), all_.end(), [&](auto& one) {
        return one.second.query.hear(question, what, why_none);
    });
    if (at == all_.end()) {
        return false;
    }
    if (at->second.query.is_over()) {
        advance(at, now);
    }
    invariants();
    return true;
}

// ---- from phase to phase

void auditor::advance(audits::iterator at, base::time_point now) {
    auto& a = at->second;
    switch (a.at) {
        case phase::locating:
            note_holder(a);
            ask_seats(at, phase::recording, a.until, now);
            break;
        case phase::recording:
            if (a.query.has_enough()) {
                recorded(at, now);
            } else {
                finish(at, lack_of_quorum(a.query));
            }
            break;
        case phase::revoking:
            revoked(at, now);
            break;
        case phase::recording_outcome:
            if (a.query.has_enough()) {
                written(a);
            }
            finish(at, a.failure);  // it is done, whether that is known or not
            break;
        case phase::noting:
            if (a.query.has_enough()) {
                written(a);
            }
            finish(at, std::nullopt);
            break;
        case phase::reading:
            finish(at,
                   a.query.has_enough() ? std::nullopt : std::optional{lack_of_quorum(a.query)});
            break;
        case phase::waiting:
        case phase::evicting:
            HOLDFAST_ASSERT(false);  // these ask no questions
            break;
    }
}

/// It may be done now: by us, or by act().
void auditor::recorded(audits::iterator at, base::time_point now) {
    auto& a = at->second;
    written(a);
    if (a.what.what == admin_action::evicted) {
        forget_questions(a);
        a.at = phase::waiting;
        out_.push(audit_recorded{at->first});
        return;
    }
    a.at = phase::revoking;
    lock::quorum_query query;
    const auto& w = a.wanted;
    query.parts.push_back(
        {lock::revoke_request{0, w.name, w.token, w.how, a.what.who, a.what.why, w.grace}, {}});
    ask(at, std::move(query), a.until, now);
}

void auditor::revoked(audits::iterator at, base::time_point now) {
    auto& a = at->second;
    const auto& heard = a.query.parts.front().heard;
    if (const auto* d = heard ? std::get_if<lock::revoke_reply>(&*heard) : nullptr) {
        a.what.outcome = d->so_far;
    }
    record_outcome(at, now);
}

void auditor::note_holder(audit& a) const {
    const auto& heard = a.query.parts.front().heard;
    const auto* inspect_reply = heard ? std::get_if<lock::inspect_reply>(&*heard) : nullptr;
    if (inspect_reply == nullptr) {
        return;
    }
    for (const auto& h : inspect_reply->held) {
        if (h.what.token == a.what.token) {
            const auto* m = view_ ? view_->find(h.what.holder) : nullptr;
            a.what.whom = h.what.holder;
            a.what.whom_name = h.holder_name.empty() && m != nullptr ? m->name : h.holder_name;
        }
    }
}

void auditor::written(const audit& a) {
    // RECORD-1: any other majority of the seats has one of these
    HOLDFAST_ASSERT(view_ && 2 * a.query.last_words() > view_->seats.size());
    record_written out{a.what.by, a.what.number, a.what.revision, {}};
    for (const auto& p : a.query.parts) {
        if (p.is_last_word) {
            out.at.push_back(p.to);
        }
    }
    out_.push(std::move(out));
}

void auditor::evicted(audits::iterator at, base::time_point now) {
    at->second.what.outcome.stage = break_stage::ended;
    record_outcome(at, now);
}

void auditor::record_outcome(audits::iterator at, base::time_point now) {
    auto& a = at->second;
    ++a.what.revision;
    a.what.took = std::chrono::duration_cast<std::chrono::milliseconds>(now - a.begun);
    ask_seats(at, phase::recording_outcome, now + settings_.lease, now);
}

void auditor::finish(audits::iterator at, std::optional<errc> failure) {
    auto a = std::move(at->second);
    const auto number = at->first;
    all_.erase(at);
    if (a.at == phase::reading) {
        out_.push(audit_log_read{number, failure, failure ? audit_history{} : merged(a.query)});
    } else if (a.at != phase::noting) {
        out_.push(audit_ended{number, a.what.what, failure, a.what.outcome});
    }
    forget_questions(a);
}

void auditor::installed(std::shared_ptr<const view> v, base::time_point now) {
    view_ = std::move(v);
    for (auto at = all_.begin(); at != all_.end();) {
        const auto here = at++;
        if (here->second.at == phase::evicting && !view_->has(here->second.what.whom)) {
            evicted(here, now);
        }
    }
    invariants();
}

void auditor::tick(base::time_point now) {
    for (auto at = all_.begin(); at != all_.end();) {
        const auto here = at++;
        auto& a = here->second;
        if (!waits_for_removal(a) || a.until > now) {
            continue;
        }
        if (a.at == phase::evicting) {
            a.what.outcome.stage = break_stage::sent;
        }
        a.failure = errc::timed_out;
        record_outcome(here, now);
    }
    invariants();
}

std::optional<base::time_point> auditor::deadline() const {
    std::optional<base::time_point> due;
    for (const auto& [number, a] : all_) {
        if (waits_for_removal(a)) {
            base::earlier(due, a.until);
        }
    }
    return due;
}

void auditor::invariants() const {
    HOLDFAST_ASSERT(all_.empty() || all_.rbegin()->first <= last_number_);
    HOLDFAST_ASSERT(all_.empty() || all_.begin()->first > 0);
    if (!base::checks_everything()) {
        return;
    }
    for (const auto& [number, a] : all_) {
        HOLDFAST_ASSERT(a.what.number == number && a.what.by == self_);
        // Each waits for a question that is open, or for a member to be removed.
        HOLDFAST_ASSERT(a.query.parts.empty() == waits_for_removal(a));
        HOLDFAST_ASSERT(a.query.parts.empty() || !a.query.is_over());
        HOLDFAST_ASSERT(!waits_for_removal(a) || !a.what.whom.is_nil());
        HOLDFAST_ASSERT(a.at != phase::evicting || view_->has(a.what.whom));
        // Nothing has an outcome before it was done.
        HOLDFAST_ASSERT(a.at == phase::recording_outcome || a.what.revision == 0);
    }
}

void auditor::end(errc why) {
    while (!all_.empty()) {
        auto& a = all_.begin()->second;
        auto failure = std::optional{why};
        if (a.at == phase::recording_outcome) {
            failure = a.failure;  // it is done, whether that is known or not
        } else if (a.at == phase::evicting && a.what.whom == self_) {
            a.what.outcome.stage = break_stage::ended;
            failure.reset();
        }
        finish(all_.begin(), failure);
    }
}

}  // namespace holdfast::node
