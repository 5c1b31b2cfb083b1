#include "sim/message_sender.hpp"

#include <utility>

#include "base/message_groups.hpp"
#include "sim/replayer.hpp"

namespace holdfast::sim {

using namespace std::chrono_literals;

void message_sender::send(std::uint32_t from, node::send& s, std::vector<network::number>* unsent) {
    auto& c = context_;
    const auto to = c.place_of(s.head.to, s.address);
    if (!to) {
        return;
    }
    if (s.copy_age > base::duration::zero() &&
        c.net.is_under_way(from, *to, c.events.now() - s.copy_age)) {
        return;  // as a peer does it (LOAD-4)
    }
    const auto kind = kind_of(s.what);
    const auto verdict = c.intercepts->sending(kind, from, *to);
    if (c.trace.is_printed()) {
        c.say(from, "> " + c.plan.places[*to].name + " " + c.trace.describe(s.what) +
                        (verdict.is_lost ? "  (lost)" : ""));
    }
    if (const auto* said = std::get_if<lock::message>(&s.what)) {
        if (const auto* q = base::get_message_if<lock::queued>(*said)) {
            c.judged_by.queued(c.places[from].run, s.head.to, q->number, c.events.now());
        }
    }
    c.counted.lock_messages += kind >= first_lock ? 1 : 0;
    packet_.envelope = s.head;
    packet_.what = std::move(s.what);
    const auto n = c.net.blank();
    auto& bytes = c.net.at(n).bytes;
    wire::encode(packet_, c.plan.common.cluster_name, bytes, c.plan.places[from].unknown_fields);
    c.trace.add(static_cast<std::uint64_t>(c.events.now().count()) ^ (std::uint64_t{from} << 56) ^
                (std::uint64_t{*to} << 48));
    c.trace.add(bytes);
    if (verdict.is_lost) {
        c.net.discard(n);
        return;
    }
    auto& out = c.net.at(n);
    out.from = from;
    out.to = *to;
    out.from_run = c.places[from].run;
    out.to_run = c.places[*to].node ? c.places[*to].run : 0;
    out.is_stream = s.stream || bytes.size() > base::limits::datagram;
    out.is_to_nobody = s.head.to.is_nil();
    out.is_about_locks = kind >= first_lock;
    out.is_again = false;
    out.recorded_as = 0;
    if (kind == kind_of_type<lock::table>) {
        remember_table(out, verdict.brings_back_older);
    }
    if (c.replays != nullptr && c.replays->records(out, kind)) {
        c.net.discard(n);
        return;
    }
    if (unsent != nullptr) {
        unsent->push_back(n);
        return;
    }
    if (verdict.is_doubled) {
        const auto copy = c.net.blank();
        c.net.at(copy) = c.net.at(n);
        c.net.post(copy, verdict.delay);
    }
    c.net.post(n, verdict.delay + (s.is_lazy ? c.random.between({}, 2ms) : base::duration{}));
}

void message_sender::remember_table(const packet& sent, bool brings_back_older) {
    auto& former = former_tables_[sent.to];
    if (brings_back_older) {
        for (const auto& old : former) {
            const auto n = context_.net.blank();
            context_.net.at(n) = old;
            // a copy of a former connection: nothing keeps it in order
            context_.net.at(n).is_stream = false;
            context_.net.post(n, {});
        }
    }
    former.push_back(sent);
    if (former.size() > 8) {
        former.pop_front();
    }
}

}  // namespace holdfast::sim
