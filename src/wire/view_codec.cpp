#include <algorithm>

#include "wire/archive.hpp"
#include "wire/codecs.hpp"

namespace holdfast::wire {
namespace {

using base::limits;

// in practice the frame bounds them
constexpr std::size_t most_formers = limits::steps_kept * limits::members;
constexpr std::size_t most_of_a_text = 2048;

template <class Range, class Projection>
bool rises(const Range& range, Projection projection) {
    return std::adjacent_find(range.begin(), range.end(), [&](const auto& x, const auto& y) {
               return projection(x) >= projection(y);
           }) == range.end();
}

}  // namespace

// ---- what messages are made of

void fields(auto& a, is<process_identity> auto& p) { a(p.machine, p.pid, p.started); }
void fields(auto& a, is<member> auto& m) {
    a(m.id, text(m.name, limits::member_name), m.address, m.weight, m.leaving, m.since, m.process,
      m.has_state_dir, m.wire_version, m.is_settled);
}
void fields(auto& a, is<seat> auto& s) { a(s.address, s.filled_by); }
void fields(auto& a, is<former_member> auto& f) { a(f.id, f.since, f.removed); }
void fields(auto& a, is<view> auto& v) {
    a(v.cluster, v.number, v.epoch, v.ring_function, v.slots, v.seats_since,
      list(v.seats, limits::seats), list(v.members, limits::members),
      list(v.former_members, most_formers));
    a.check(v.slots >= 1 && v.slots <= limits::slots);
    a.check(rises(v.seats, [](const seat& s) { return s.address; }));
    a.check(rises(v.members, [](const member& m) { return m.id; }));
    a.check(std::is_sorted(
        v.former_members.begin(), v.former_members.end(),
        [](const former_member& x, const former_member& y) { return x.removed < y.removed; }));
}
void fields(auto& a, is<views::seat_change> auto& s) {
    a(s.index, s.filled_by);
    a.check(s.index < limits::seats);
}
void fields(auto& a, is<views::change> auto& c) {
    a(c.cluster, c.number, c.epoch, list(c.added, limits::members),
      list(c.removed, limits::members), list(c.leaving, limits::members),
      list(c.seats, limits::seats), c.checksum, list(c.settled, limits::members));
}
void fields(auto& a, is<views::remaining> auto& r) {
    a(r.peer, r.lease);
    a.check(r.lease >= base::duration::zero());
}
void fields(auto& a, is<views::silence> auto& s) {
    a(s.peer, s.since_ack, s.is_gone);
    a.check(s.since_ack >= base::duration::zero());
}
void fields(auto& a, is<views::step> auto& s) { a(s.what, list(s.leases, limits::members)); }
void fields(auto& a, is<views::ballot> auto& b) {
    a(b.round, b.seat, b.proposer);
    a.check(b.seat < limits::seats);
}
void fields(auto& a, is<views::accepted_change> auto& v) { a(v.ballot, v.value); }

// ---- joining

void fields(auto& a, is<views::lease_terms> auto& t) {
    a(t.lease, t.drift_ppm);
    a.check(t.lease >= base::duration::zero());
}

template <>
constexpr kind about<views::join>{0x20, "view.join"};
void fields(auto& a, is<views::join> auto& m) {
    a(m.self, list(m.seeds, limits::seats), maybe(m.shown), m.stopped_being, m.ring_function,
      m.terms);
}

template <>
constexpr kind about<views::join_shown>{0x21, "view.join_shown"};
void fields(auto& a, is<views::join_shown> auto& m) { a(m.cluster, m.newest); }

template <>
constexpr kind about<views::join_refused>{0x22, "view.join_refused"};
void fields(auto& a, is<views::join_refused> auto& m) {
    a(one_of(m.why, views::refusal::seeds_differ, views::refusal::times_differ),
      text(m.text, most_of_a_text));
}

template <>
constexpr kind about<views::welcome>{0x23, "view.welcome"};
void fields(auto& a, is<views::welcome> auto& m) { a(m.before, m.map_before, m.added_by); }

// ---- ways

template <>
constexpr kind about<views::way_probe>{0x3a, "view.way_probe"};
void fields(auto& a, is<views::way_probe> auto& m) {
    a(m.number, m.seat, m.is_seen_by_stream, m.is_seen_by_datagram,
      filler(m.padding, limits::padding));
}

template <>
constexpr kind about<views::way_echo>{0x3b, "view.way_echo"};
void fields(auto& a, is<views::way_echo> auto& m) {
    a(m.number, filler(m.padding, limits::padding));
}

// ---- choosing

template <>
constexpr kind about<views::opinion_ask>{0x24, "view.opinion_ask"};
void fields(auto& a, is<views::opinion_ask> auto& m) {
    a(m.number, list(m.about, limits::members), list(m.to_settle, limits::members));
}

template <>
constexpr kind about<views::opinion>{0x25, "view.opinion"};
void fields(auto& a, is<views::opinion> auto& m) {
    a(m.number, list(m.consents, limits::members), list(m.objects, limits::members),
      list(m.settles, limits::members));
}

template <>
constexpr kind about<views::prepare>{0x26, "view.prepare"};
void fields(auto& a, is<views::prepare> auto& m) { a(m.number, m.ballot); }

template <>
constexpr kind about<views::promise>{0x27, "view.promise"};
void fields(auto& a, is<views::promise> auto& m) {
    a(m.number, m.ballot, maybe(m.accepted), m.wall_s, list(m.joiners, limits::members));
}

template <>
constexpr kind about<views::rejected>{0x28, "view.rejected"};
void fields(auto& a, is<views::rejected> auto& m) { a(m.number, m.ballot, m.promised); }

template <>
constexpr kind about<views::accept>{0x29, "view.accept"};
void fields(auto& a, is<views::accept> auto& m) { a(m.number, m.ballot, m.value); }

template <>
constexpr kind about<views::accepted>{0x2a, "view.accepted"};
void fields(auto& a, is<views::accepted> auto& m) {
    a(m.number, m.ballot, list(m.silences, limits::members));
}

// ---- spreading

template <>
constexpr kind about<views::steps>{0x2b, "view.steps"};
void fields(auto& a, is<views::steps> auto& m) { a(list(m.in_order, limits::steps_kept)); }

template <>
constexpr kind about<views::want_steps>{0x2c, "view.want_steps"};
void fields(auto& a, is<views::want_steps> auto& m) { a(m.after); }

template <>
constexpr kind about<views::outdated>{0x2d, "view.outdated"};
void fields(auto& a, is<views::outdated> auto& m) { a(m.yours); }

// ---- leaving

template <>
constexpr kind about<views::leave_request>{0x2e, "view.leave_request"};
void fields(auto& a, is<views::leave_request> auto&) { a(); }

template <>
constexpr kind about<views::left>{0x2f, "view.left"};
void fields(auto& a, is<views::left> auto&) { a(); }

template <>
constexpr kind about<views::evict>{0x37, "view.evict"};
void fields(auto& a, is<views::evict> auto& m) {
    a(m.whom, one_of(m.proof, views::proof::none, views::proof::fenced), text(m.who, limits::who));
}

template <>
constexpr kind about<views::certificate>{0x38, "view.certificate"};
void fields(auto& a, is<views::certificate> auto& m) { a(m.whom); }

template <>
constexpr kind about<views::new_epoch_wanted>{0x30, "view.new_epoch_wanted"};
void fields(auto& a, is<views::new_epoch_wanted> auto& m) { a(m.at); }

// ---- founding

void fields(auto& a, is<views::founder> auto& f) {
    a(f.self, f.seat);
    a.check(f.seat < limits::seats);
}
void fields(auto& a, is<views::founding_value> auto& v) {
    a(v.cluster, v.epoch, v.slots, list(v.founders, limits::seats));
    a.check(v.slots >= 1 && v.slots <= limits::slots);
}
void fields(auto& a, is<views::accepted_founding> auto& v) { a(v.ballot, v.value); }

template <>
constexpr kind about<views::found_prepare>{0x31, "view.found_prepare"};
void fields(auto& a, is<views::found_prepare> auto& m) {
    a(m.ballot, list(m.seeds, limits::seats), m.terms);
}

template <>
constexpr kind about<views::found_promise>{0x32, "view.found_promise"};
void fields(auto& a, is<views::found_promise> auto& m) {
    a(m.ballot, m.self, maybe(m.accepted), m.highest, m.wall_s);
}

template <>
constexpr kind about<views::found_rejected>{0x33, "view.found_rejected"};
void fields(auto& a, is<views::found_rejected> auto& m) {
    a(m.ballot,
      one_of(m.why, views::found_refusal::higher_ballot, views::found_refusal::times_differ),
      m.promised, m.highest, list(m.seeds, limits::seats), m.lease_left);
}

template <>
constexpr kind about<views::knock>{0x39, "view.knock"};
void fields(auto& a, is<views::knock> auto& m) { a(list(m.seeds, limits::seats)); }

template <>
constexpr kind about<views::found_accept>{0x34, "view.found_accept"};
void fields(auto& a, is<views::found_accept> auto& m) { a(m.ballot, m.value); }

template <>
constexpr kind about<views::found_accepted>{0x35, "view.found_accepted"};
void fields(auto& a, is<views::found_accepted> auto& m) { a(m.ballot); }

template <>
constexpr kind about<views::founded>{0x36, "view.founded"};
void fields(auto& a, is<views::founded> auto& m) { a(m.value); }

void write_view(pack::writer out, const views::message& what) { write_message(out, what); }
bool read_view(pack::reader& in, std::uint64_t kind, views::message& what) {
    return read_message(in, kind, what);
}
std::string_view name_of_view(const views::message& what) { return name_of_message(what); }

}  // namespace holdfast::wire
