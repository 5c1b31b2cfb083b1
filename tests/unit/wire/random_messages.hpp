// Messages with random contents, within the limits. The number of fields of each is written down
// here, and the compiler holds it against the message: a field that a codec forgets fails the round
// trip.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/message_groups.hpp"
#include "base/random.hpp"
#include "base/settings.hpp"
#include "wire/codec.hpp"

namespace holdfast::wire::testing {

template <class T, class... Among>
concept one_among = (std::same_as<T, Among> || ...);

template <class T>
concept has_1 = one_among<T, swim::nack, swim::gossip, views::steps, views::want_steps,
                          views::outdated, views::new_epoch_wanted, views::found_accepted,
                          views::founded, lock::queued, lock::cancelled, lock::record_stored,
                          lock::read_records, views::certificate, views::knock, lock::delays_kept>;
template <class T>
concept has_2 =
    one_among<T, views::step, views::accepted_change, views::join_shown, views::join_refused,
              views::prepare, views::accepted_founding, views::lease_terms, views::found_accept,
              lease::way_question, lease::way_answer, lock::grant_ack, lock::cancel, lock::released,
              lock::hold_probe, lock::table_ack, lock::watch, lock::unwatch, lock::past,
              lock::inspect_request, lock::list_locks, lock::listed_lock, lock::revoke_reply,
              lock::store_record, lock::still_waiting, lock::still_queued, lock::watch_refused,
              lock::no_holds, lock::no_holds_of, seat>;
template <class T>
concept has_3 = one_among<T, lease::waits_for, views::found_prepare, swim::ack, swim::introduction,
                          views::welcome, views::opinion_ask, views::rejected, views::accept,
                          views::accepted, break_policy, process_identity, lock::denied,
                          lock::lock_summary, lock::no_table, lock::lock_state_seen, former_member,
                          views::evict, lock::keep_delays, lock::records_read>;
template <class T>
concept has_4 =
    one_among<T, swim::ping, swim::push_pull, lease::renew_request, lock::gather, lock::listed,
              lock::release_request_ack, lock::terms, break_outcome, views::opinion, node::relayed>;
template <class T>
concept has_5 =
    one_among<T, views::promise, views::found_promise, swim::ping_request, lock::lock_state,
              lock::grant, lock::break_hold, lock::waiter, node::envelope, lease::ack>;
template <class T>
concept has_6 =
    one_among<T, views::join, views::found_rejected, swim::rumour, lock::slot_table, lock::report,
              lock::inspect_reply, lock::seen_hold, lock::hold_info, lock::request, previous_hold>;
template <class T>
concept has_7 = one_among<T, lock::release, lock::revoke_request, lock::release_request>;
template <class T>
concept has_9 = one_among<T, views::change>;
template <class T>
concept has_10 = one_among<T, member>;
template <class T>
concept has_13 = one_among<T, audit_record>;
template <class T>
concept has_id = one_among<T, view_number, epoch, request_number>;

class random_messages {
public:
    explicit random_messages(std::uint64_t seed) : chance_{seed} {}

    /// Every alternative of every layer's messages, the leaves of node::message counted through.
    static constexpr std::size_t kinds =
        base::message_count<swim::message> + base::message_count<views::message> +
        base::message_count<lease::message> + base::message_count<lock::message> + 1;

    packet of_kind(std::size_t kind) {
        packet p;
        fill(p.envelope);
        auto rest = kind;
        const auto is_in = [&]<class Variant>(std::in_place_type_t<Variant>) {
            if (rest >= base::message_count<Variant>) {
                rest -= base::message_count<Variant>;
                return false;
            }
            choose(p.what.emplace<Variant>(), rest);
            return true;
        };
        if (!is_in(std::in_place_type<swim::message>) &&
            !is_in(std::in_place_type<views::message>) &&
            !is_in(std::in_place_type<lease::message>) &&
            !is_in(std::in_place_type<lock::message>)) {
            fill(p.what.emplace<node::relayed>());
        }
        return p;
    }

    base::random_source& chance() { return chance_; }

private:
    static void in_order(auto& list, auto key) {
        std::sort(list.begin(), list.end(),
                  [&](const auto& a, const auto& b) { return key(a) < key(b); });
        list.erase(std::unique(list.begin(), list.end(),
                               [&](const auto& a, const auto& b) { return key(a) == key(b); }),
                   list.end());
    }

    template <class... Field>
    void each(Field&... field) {
        (fill(field), ...);
    }

    template <class... Alternative>
    void choose(std::variant<Alternative...>& what, std::size_t index) {
        const auto is_in = [&]<class A>(std::in_place_type_t<A>) {
            if (index >= base::message_count<A>) {
                index -= base::message_count<A>;
                return false;
            }
            if constexpr (base::is_message_group<A>) {
                choose(what.template emplace<A>(), index);
            } else {
                fill(what.template emplace<A>());
            }
            return true;
        };
        static_cast<void>((is_in(std::in_place_type<Alternative>) || ...));
    }
    template <class... Alternative>
    void fill(std::variant<Alternative...>& what) {
        choose(what, chance_.below(base::message_count<std::variant<Alternative...>>));
    }

    void fill(bool& value) { value = chance_.chance(0.5); }
    template <std::unsigned_integral T>
    void fill(T& value) {
        // All lengths alike, so that every format of a number comes up.
        value = static_cast<T>(chance_.next() >> chance_.below(64));
    }
    void fill(std::int64_t& value) {
        std::uint64_t bits = 0;
        fill(bits);
        value = static_cast<std::int64_t>(bits);
    }
    void fill(peer_id& id) { id = {chance_.below(4) == 0 ? 0 : chance_.next(), chance_.below(3)}; }
    void fill(cluster_id& id) { id = {chance_.next(), chance_.next()}; }
    void fill(endpoint& address) {
        for (auto& byte : address.ip) {
            byte = static_cast<std::uint8_t>(chance_.next());
        }
        fill(address.port);
    }
    template <has_id T>
    void fill(T& id) {
        fill(id.value);
    }
    void fill(slot& s) { s.value = static_cast<std::uint16_t>(chance_.below(base::limits::slots)); }
    void fill(token& t) {
        t.value = static_cast<std::int64_t>(chance_.next() >> (1 + chance_.below(63)));
    }
    void fill(base::right_time& t) {
        t = base::right_time{base::duration{static_cast<std::int64_t>(chance_.next())}};
    }
    void fill(base::duration& d) {
        d = base::duration{static_cast<std::int64_t>(chance_.next() >> 20)};
    }
    void fill(swim::condition& state) { state = static_cast<swim::condition>(chance_.below(4)); }
    void fill(views::refusal& why) { why = static_cast<views::refusal>(1 + chance_.below(4)); }
    void fill(views::found_refusal& why) {
        why = static_cast<views::found_refusal>(1 + chance_.below(3));
    }
    void fill(lock::refusal& why) { why = static_cast<lock::refusal>(chance_.below(2)); }
    void fill(lock::ending& how) { how = static_cast<lock::ending>(chance_.below(4)); }
    void fill(lock::tenure_state& is) { is = static_cast<lock::tenure_state>(chance_.below(5)); }
    void fill(lock::revoke_kind& how) { how = static_cast<lock::revoke_kind>(chance_.below(2)); }
    void fill(break_stage& stage) { stage = static_cast<break_stage>(chance_.below(6)); }
    void fill(admin_action& what) { what = static_cast<admin_action>(chance_.below(4)); }
    void fill(views::proof& p) { p = static_cast<views::proof>(chance_.below(3)); }
    void fill(std::chrono::milliseconds& t) {
        t = std::chrono::milliseconds{chance_.below(60'001)};
    }
    void fill(lock::delay& d) {
        fill(d.name);
        d.left = base::duration{static_cast<std::int64_t>(chance_.below(60'000'000'000))};
        fill(d.token);
        d.is = static_cast<lock::delay_stage>(chance_.below(3));
    }
    void fill(std::int32_t& value) { value = static_cast<std::int32_t>(chance_.next()); }
    void fill(end_reason& how) { how = static_cast<end_reason>(chance_.below(6)); }
    void fill(lock_mode& mode) {
        const std::array all{
            lock_mode::exclusive(), lock_mode::shared(),
            lock_mode::permit(static_cast<std::uint32_t>(1 + chance_.below(1u << 31)))};
        mode = all[chance_.below(all.size())];
    }
    void fill(std::string& text) {
        text.resize(chance_.below(chance_.chance(0.1) ? 128 : 12));
        for (auto& c : text) {
            c = static_cast<char>(chance_.next());
        }
    }
    template <class T>
    void fill(std::optional<T>& value) {
        if (chance_.chance(0.5)) {
            fill(value.emplace());
        }
    }
    template <class T>
    void fill(std::vector<T>& list) {
        list.resize(chance_.below(6));
        for (auto& element : list) {
            fill(element);
        }
    }
    void fill(std::vector<slot>& slots) {
        const auto often = chance_.chance(0.5) ? 0.5 : 0.001;
        for (unsigned s = 0; s < base::limits::slots; ++s) {
            if (chance_.chance(often)) {
                slots.push_back({static_cast<std::uint16_t>(s)});
            }
        }
        if (chance_.chance(0.2)) {
            slots.clear();
        }
    }
    void fill(base::shared_slot_map& map) {
        if (chance_.chance(0.1)) {
            return;
        }
        auto made = std::make_shared<base::slot_map>();
        const auto owners = 1 + chance_.below(chance_.chance(0.5) ? 5 : 300);
        for (std::uint64_t i = 0; i < owners; ++i) {
            made->owners.push_back({i, chance_.next()});
        }
        made->owner_index.resize(chance_.below(600));
        for (auto& index : made->owner_index) {
            index = static_cast<std::uint16_t>(chance_.below(owners));
        }
        map = made;
    }
    void fill(views::ballot& b) {
        fill(b.round);
        b.seat = static_cast<std::uint32_t>(chance_.below(7));
        fill(b.proposer);
    }
    void fill(views::seat_change& s) {
        s.index = static_cast<std::uint8_t>(chance_.below(7));
        fill(s.filled_by);
    }
    void fill(views::founder& f) {
        fill(f.self);
        f.seat = static_cast<std::uint8_t>(chance_.below(7));
    }
    void fill(views::founding_value& v) {
        each(v.cluster, v.epoch, v.founders);
        v.slots = static_cast<std::uint32_t>(1 + chance_.below(base::limits::slots));
    }
    void fill(views::remaining& r) { each(r.peer, r.lease); }
    void fill(views::silence& s) { each(s.peer, s.since_ack, s.is_gone); }
    void fill(lock::table& t) {
        auto& [to_view, slots] = t;
        each(to_view, slots);
        in_order(slots, [](const lock::slot_table& s) { return s.slot; });
    }
    void fill(view& v) {
        auto& [cluster, number, epoch, ring_function, slots, seats_since, seats, members,
               former_members] = v;
        each(cluster, number, epoch, ring_function, seats_since, seats, members, former_members);
        slots = static_cast<std::uint32_t>(1 + chance_.below(base::limits::slots));
        in_order(seats, [](const seat& s) { return s.address; });
        in_order(members, [](const member& m) { return m.id; });
        in_order(former_members, [](const former_member& f) { return f.removed; });
    }

    void fill(views::way_probe& m) {
        auto& [number, seat, is_seen_by_stream, is_seen_by_datagram, padding] = m;
        each(number, seat, is_seen_by_stream, is_seen_by_datagram);
        padding = static_cast<std::uint32_t>(chance_.below(2000));
    }
    void fill(views::way_echo& m) {
        auto& [number, padding] = m;
        each(number);
        padding = static_cast<std::uint32_t>(chance_.below(2000));
    }
    void fill(views::leave_request&) {}
    void fill(views::left&) {}
    template <has_1 T>
    void fill(T& m) {
        auto& [a] = m;
        each(a);
    }
    template <has_2 T>
    void fill(T& m) {
        auto& [a, b] = m;
        each(a, b);
    }
    template <has_3 T>
    void fill(T& m) {
        auto& [a, b, c] = m;
        each(a, b, c);
    }
    template <has_4 T>
    void fill(T& m) {
        auto& [a, b, c, d] = m;
        each(a, b, c, d);
    }
    template <has_5 T>
    void fill(T& m) {
        auto& [a, b, c, d, e] = m;
        each(a, b, c, d, e);
    }
    template <has_6 T>
    void fill(T& m) {
        auto& [a, b, c, d, e, f] = m;
        each(a, b, c, d, e, f);
    }
    template <has_7 T>
    void fill(T& m) {
        auto& [a, b, c, d, e, f, g] = m;
        each(a, b, c, d, e, f, g);
    }
    template <has_13 T>
    void fill(T& m) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, n] = m;
        each(a, b, c, d, e, f, g, h, i, j, k, l, n);
    }
    template <has_9 T>
    void fill(T& m) {
        auto& [a, b, c, d, e, f, g, h, i] = m;
        each(a, b, c, d, e, f, g, h, i);
    }
    template <has_10 T>
    void fill(T& m) {
        auto& [a, b, c, d, e, f, g, h, i, j] = m;
        each(a, b, c, d, e, f, g, h, i, j);
    }

    base::random_source chance_;
};

}  // namespace holdfast::wire::testing
