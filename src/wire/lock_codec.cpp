#include <algorithm>

#include "wire/archive.hpp"
#include "wire/codec.hpp"
#include "wire/codecs.hpp"

namespace holdfast::wire {
namespace {

using base::limits;

// Holds and waiters of one message are bounded by the frame they come in; none takes fewer than 16
// bytes.
constexpr std::size_t most_holds = limits::frame / 16;

bool is_delay(std::chrono::milliseconds d) { return d.count() >= 0 && d <= limits::lock_delay; }

}  // namespace

void fields(auto& a, is<lock_mode> auto& m) {
    a(one_of(m.how, lock_mode::kind::exclusive, lock_mode::kind::permit), m.limit);
    a.check((m.how == lock_mode::kind::permit) == (m.limit > 0));
}
void fields(auto& a, is<break_policy> auto& p) {
    a(p.by_operators, p.approvals, p.waited_for);
    a.check(p.waited_for.count() >= 0 && p.waited_for <= limits::patience);
}
void fields(auto& a, is<lock::hold_info> auto& h) {
    a(text(h.name, limits::name), h.token, h.holder, h.number, text(h.terms.note, limits::note),
      h.is_taken, h.terms.mode, h.terms.policy, h.terms.delay);
    a.check(is_delay(h.terms.delay));
}
void fields(auto& a, is<lock::waiter> auto& w) {
    a(text(w.name, limits::name), w.peer, w.number, text(w.terms.note, limits::note), w.terms.mode,
      w.terms.policy, w.terms.delay, w.priority);
    a.check(is_delay(w.terms.delay));
}
void fields(auto& a, is<lock::lock_summary> auto& s) {
    a(list(s.held, lock::most_told), s.holders, s.waiting);
}
void fields(auto& a, is<previous_hold> auto& p) {
    a(one_of(p.how, end_reason::none, end_reason::unknown), p.token, p.holder,
      text(p.holder_name, limits::member_name), text(p.note, limits::note),
      text(p.value, limits::value));
}
void fields(auto& a, is<lock::delay> auto& d) {
    a(text(d.name, limits::name), d.left, d.token,
      one_of(d.is, lock::delay_stage::held, lock::delay_stage::over));
    a.check(d.left >= base::duration::zero() && d.left <= limits::lock_delay);
}
void fields(auto& a, is<lock::past> auto& p) { a(text(p.name, limits::name), p.what); }
void fields(auto& a, is<lock::slot_table> auto& t) {
    a(t.slot, list(t.holds, most_holds), list(t.queue, most_holds), list(t.pasts, most_holds),
      t.history_is_complete, list(t.delays, most_holds));
}

// ---- holder to owner

template <>
constexpr kind about<lock::request>{0x50, "lock.request"};
void fields(auto& a, is<lock::request> auto& m) {
    a(m.number, text(m.name, limits::name), text(m.terms.note, limits::note), m.is_try,
      m.lowest_pending, m.terms.mode, m.terms.policy, m.terms.delay, m.priority);
    a.check(is_delay(m.terms.delay));
}

template <>
constexpr kind about<lock::grant_ack>{0x51, "lock.grant_ack"};
void fields(auto& a, is<lock::grant_ack> auto& m) { a(text(m.name, limits::name), m.token); }

template <>
constexpr kind about<lock::release>{0x52, "lock.release"};
void fields(auto& a, is<lock::release> auto& m) {
    a(text(m.name, limits::name), m.token,
      one_of(m.how, lock::ending::declined, lock::ending::broken), m.is_consistent, m.gives_value,
      text(m.value, limits::value), m.heir);
}

template <>
constexpr kind about<lock::cancel>{0x53, "lock.cancel"};
void fields(auto& a, is<lock::cancel> auto& m) { a(text(m.name, limits::name), m.number); }

template <>
constexpr kind about<lock::still_waiting>{0x71, "lock.still_waiting"};
void fields(auto& a, is<lock::still_waiting> auto& m) {
    a(text(m.name, limits::name), list(m.numbers, lock::most_still_waiting));
}

// ---- owner to holder

template <>
constexpr kind about<lock::queued>{0x54, "lock.queued"};
void fields(auto& a, is<lock::queued> auto& m) { a(m.number); }

template <>
constexpr kind about<lock::still_queued>{0x72, "lock.still_queued"};
void fields(auto& a, is<lock::still_queued> auto& m) {
    a(text(m.name, limits::name), list(m.unknown, lock::most_still_waiting));
}

template <>
constexpr kind about<lock::denied>{0x55, "lock.denied"};
void fields(auto& a, is<lock::denied> auto& m) {
    a(m.number, one_of(m.why, lock::refusal::is_held, lock::refusal::too_many), m.summary);
}

template <>
constexpr kind about<lock::grant>{0x56, "lock.grant"};
void fields(auto& a, is<lock::grant> auto& m) {
    a(m.number, text(m.name, limits::name), m.token, m.is_contended, m.before);
}

template <>
constexpr kind about<lock::released>{0x57, "lock.released"};
void fields(auto& a, is<lock::released> auto& m) { a(text(m.name, limits::name), m.token); }

template <>
constexpr kind about<lock::cancelled>{0x58, "lock.cancelled"};
void fields(auto& a, is<lock::cancelled> auto& m) { a(m.number); }

template <>
constexpr kind about<lock::hold_probe>{0x59, "lock.hold_probe"};
void fields(auto& a, is<lock::hold_probe> auto& m) { a(text(m.name, limits::name), m.token); }

template <>
constexpr kind about<lock::break_hold>{0x5a, "lock.break_hold"};
void fields(auto& a, is<lock::break_hold> auto& m) {
    a(text(m.name, limits::name), m.token, m.number, text(m.who, limits::who),
      text(m.why, limits::why));
}

// ---- delays

template <>
constexpr kind about<lock::keep_delays>{0x78, "lock.keep_delays"};
void fields(auto& a, is<lock::keep_delays> auto& m) { a(m.in, m.number, list(m.what, most_holds)); }

template <>
constexpr kind about<lock::delays_kept>{0x79, "lock.delays_kept"};
void fields(auto& a, is<lock::delays_kept> auto& m) { a(list(m.what, most_holds)); }

// ---- a new owner and the members

template <>
constexpr kind about<lock::gather>{0x5b, "lock.gather"};
void fields(auto& a, is<lock::gather> auto& m) {
    a(m.named, m.promise, m.serial, slot_set(m.slots));
}

template <>
constexpr kind about<lock::report>{0x5c, "lock.report"};
void fields(auto& a, is<lock::report> auto& m) {
    a(m.named, m.serial, m.number, m.is_too_large, list(m.holds, most_holds),
      list(m.delays, most_holds));
}

template <>
constexpr kind about<lock::no_holds>{0x7a, "lock.no_holds"};
void fields(auto& a, is<lock::no_holds> auto& m) { a(m.named, list(m.except, limits::members)); }

template <>
constexpr kind about<lock::no_holds_of>{0x7b, "lock.no_holds_of"};
void fields(auto& a, is<lock::no_holds_of> auto& m) {
    a(m.named, list(m.members, limits::members));
}

// ---- owner to owner

template <>
constexpr kind about<lock::table>{0x5d, "lock.table"};
void fields(auto& a, is<lock::table> auto& m) {
    a(m.to_view, list(m.slots, limits::slots));
    // In rising order, as the sets of slots that answer it are.
    a.check(std::adjacent_find(m.slots.begin(), m.slots.end(),
                               [](const lock::slot_table& x, const lock::slot_table& y) {
                                   return x.slot >= y.slot;
                               }) == m.slots.end());
}

template <>
constexpr kind about<lock::no_table>{0x5e, "lock.no_table"};
void fields(auto& a, is<lock::no_table> auto& m) {
    a(m.to_view, slot_set(m.slots), slot_set(m.unused));
}

template <>
constexpr kind about<lock::table_ack>{0x5f, "lock.table_ack"};
void fields(auto& a, is<lock::table_ack> auto& m) { a(m.to_view, slot_set(m.slots)); }

// ---- watching

template <>
constexpr kind about<lock::watch>{0x60, "lock.watch"};
void fields(auto& a, is<lock::watch> auto& m) { a(text(m.name, limits::name), m.number); }

template <>
constexpr kind about<lock::unwatch>{0x61, "lock.unwatch"};
void fields(auto& a, is<lock::unwatch> auto& m) { a(text(m.name, limits::name), m.number); }

template <>
constexpr kind about<lock::watch_refused>{0x73, "lock.watch_refused"};
void fields(auto& a, is<lock::watch_refused> auto& m) { a(text(m.name, limits::name), m.number); }

template <>
constexpr kind about<lock::lock_state>{0x62, "lock.lock_state"};
void fields(auto& a, is<lock::lock_state> auto& m) {
    a(text(m.name, limits::name), m.in, m.serial, m.number, m.summary);
}

template <>
constexpr kind about<lock::lock_state_seen>{0x63, "lock.lock_state_seen"};
void fields(auto& a, is<lock::lock_state_seen> auto& m) {
    a(text(m.name, limits::name), m.in, m.serial);
}

// ---- questions

void fields(auto& a, is<lock::seen_hold> auto& h) {
    a(h.what, text(h.holder_name, limits::member_name), h.known_for, h.is_since_grant,
      h.is_release_requested, h.is_to_break);
}
void fields(auto& a, is<lock::listed_lock> auto& l) { a(text(l.name, limits::name), l.summary); }
void fields(auto& a, is<break_outcome> auto& o) {
    a(one_of(o.stage, break_stage::no_answer, break_stage::refused),
      one_of(o.how, end_reason::none, end_reason::unknown), o.approvals, o.needed);
}
void fields(auto& a, is<audit_record> auto& r) {
    a(r.by, r.number, r.revision, r.at_ms,
      one_of(r.what, admin_action::requested_release, admin_action::fenced),
      text(r.name, limits::name), r.token, r.whom, text(r.whom_name, limits::member_name),
      text(r.who, limits::who), text(r.why, limits::why), r.outcome, r.took);
}

template <>
constexpr kind about<lock::inspect_request>{0x64, "lock.inspect_request"};
void fields(auto& a, is<lock::inspect_request> auto& m) { a(m.number, text(m.name, limits::name)); }

template <>
constexpr kind about<lock::inspect_reply>{0x65, "lock.inspect_reply"};
void fields(auto& a, is<lock::inspect_reply> auto& m) {
    a(m.number, one_of(m.is, lock::tenure_state::elsewhere, lock::tenure_state::serves),
      list(m.held, most_holds), m.holders, list(m.queue, lock::most_told), m.waiting);
}

template <>
constexpr kind about<lock::list_locks>{0x66, "lock.list_locks"};
void fields(auto& a, is<lock::list_locks> auto& m) { a(m.number, text(m.after, limits::name)); }

template <>
constexpr kind about<lock::listed>{0x67, "lock.listed"};
void fields(auto& a, is<lock::listed> auto& m) {
    a(m.number, list(m.locks, most_holds), m.is_all, m.not_served);
}

// ---- asking for holds back, and breaking them

template <>
constexpr kind about<lock::revoke_request>{0x68, "lock.revoke_request"};
void fields(auto& a, is<lock::revoke_request> auto& m) {
    a(m.number, text(m.name, limits::name), m.token,
      one_of(m.how, lock::revoke_kind::request_release, lock::revoke_kind::break_hold),
      text(m.who, limits::who), text(m.why, limits::why), m.grace);
}

template <>
constexpr kind about<lock::revoke_reply>{0x69, "lock.revoke_reply"};
void fields(auto& a, is<lock::revoke_reply> auto& m) { a(m.number, m.so_far); }

template <>
constexpr kind about<lock::release_request>{0x6a, "lock.release_request"};
void fields(auto& a, is<lock::release_request> auto& m) {
    a(text(m.name, limits::name), m.token, m.by, m.number, text(m.who, limits::who),
      text(m.why, limits::why), m.grace);
}

template <>
constexpr kind about<lock::release_request_ack>{0x6b, "lock.release_request_ack"};
void fields(auto& a, is<lock::release_request_ack> auto& m) {
    a(text(m.name, limits::name), m.token, m.by, m.number);
}

// ---- records

template <>
constexpr kind about<lock::store_record>{0x6c, "lock.store_record"};
void fields(auto& a, is<lock::store_record> auto& m) { a(m.number, m.what); }

template <>
constexpr kind about<lock::record_stored>{0x6d, "lock.record_stored"};
void fields(auto& a, is<lock::record_stored> auto& m) { a(m.number); }

template <>
constexpr kind about<lock::read_records>{0x6e, "lock.read_records"};
void fields(auto& a, is<lock::read_records> auto& m) { a(m.number); }

template <>
constexpr kind about<lock::records_read>{0x6f, "lock.records_read"};
void fields(auto& a, is<lock::records_read> auto& m) {
    a(m.number, list(m.records, lock::archive::most), m.whole_since_ms);
}

void write_lock(pack::writer out, const lock::message& what) { write_message(out, what); }
bool read_lock(pack::reader& in, std::uint64_t kind, lock::message& what) {
    return read_message(in, kind, what);
}
std::string_view name_of_lock(const lock::message& what) { return name_of_message(what); }

void encode_record(const audit_record& what, std::vector<std::byte>& out) {
    writing{pack::writer{out}}.put(what);
}

std::optional<audit_record> decode_record(std::span<const std::byte> bytes) {
    pack::reader in{bytes};
    audit_record out;
    reading{in}.get(out);
    return in.has_failed() || in.left() > 0 ? std::nullopt : std::optional{std::move(out)};
}

}  // namespace holdfast::wire
