// One `fields(archive, message)` for each message, used for writing and for reading.
//
//     template <> constexpr kind about<swim::nack>{0x13, "swim.nack"};
//     void fields(auto& a, is<swim::nack> auto& m) { a(m.sequence); }
//
// `a(...)` is one msgpack array of these fields, and on reading of unknown ones behind them;
// `a.check(...)` says what must hold of them: on reading it refuses the message, on writing it
// asserts. Wrappers below give a field its limit.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>

#include "base/assert.hpp"
#include "base/message_groups.hpp"
#include "base/slot_map.hpp"
#include "base/time.hpp"
#include "wire/compact.hpp"
#include "wire/pack.hpp"

namespace holdfast::wire {

/// `T` or `const T`: writing takes the one, reading the other.
template <class Given, class T>
concept is = std::same_as<std::remove_const_t<Given>, T>;

/// The number of a message on the wire, for good, and its name in traces.
struct kind {
    std::uint8_t number = 0;
    std::string_view name;
};
template <class Message>
constexpr kind about{};

// ---- wrappers: a field and its limit

template <class String>
struct text {
    text(String& field, std::size_t most) : value{field}, limit{most} {}
    String& value;
    std::size_t limit;
};
template <class Vector>
struct list {
    list(Vector& field, std::size_t most) : value{field}, limit{most} {}
    Vector& value;
    std::size_t limit;
};
/// A std::optional, as a list of none or one.
template <class Optional>
struct maybe {
    explicit maybe(Optional& field) : value{field} {}
    Optional& value;
};
/// So many bytes that say nothing.
template <class Count>
struct filler {
    filler(Count& field, std::size_t most) : value{field}, limit{most} {}
    Count& value;
    std::size_t limit;
};
/// An enum, from `first` to `last` without gaps.
template <class Enum>
struct one_of {
    one_of(Enum& field, std::remove_const_t<Enum> from, std::remove_const_t<Enum> to)
        : value{field}, first{from}, last{to} {}
    Enum& value;
    std::remove_const_t<Enum> first;
    std::remove_const_t<Enum> last;
};
/// Slots in rising order, each once.
template <class Slots>
struct slot_set {
    explicit slot_set(Slots& field) : value{field} {}
    Slots& value;
};

// ---- the two archives

class writing {
public:
    explicit writing(pack::writer out) : out_{out} {}

    template <class... Field>
    void operator()(const Field&... field) {
        out_.fields(sizeof...(field));
        (put(field), ...);
        out_.end_fields();
    }
    void check(bool holds) { HOLDFAST_ASSERT(holds); }

    template <class T>
    void put(const T& value) {
        if constexpr (std::same_as<T, bool>) {
            out_.boolean(value);
        } else if constexpr (std::unsigned_integral<T>) {
            out_.number(value);
        } else if constexpr (std::signed_integral<T>) {
            out_.signed_number(value);
        } else {
            fields(*this, value);
        }
    }
    void put(const peer_id& id) { put_id(id.high, id.low); }
    void put(const cluster_id& id) { put_id(id.high, id.low); }
    void put(const endpoint& address) { out_.bytes(endpoint_to_bytes(address)); }
    void put(view_number n) { out_.number(n.value); }
    void put(epoch e) { out_.number(e.value); }
    void put(slot s) {
        check(s.value < base::limits::slots);
        out_.number(s.value);
    }
    void put(request_number n) { out_.number(n.value); }
    void put(token t) {
        check(t.value >= 0);
        out_.signed_number(t.value);
    }
    void put(base::right_time t) { out_.signed_number(t.time_since_epoch().count()); }
    void put(base::duration d) { out_.signed_number(d.count()); }
    void put(std::chrono::milliseconds d) { out_.signed_number(d.count()); }
    template <class String>
    void put(const text<String>& t) {
        check(t.value.size() <= t.limit);
        out_.text(t.value);
    }
    template <class Vector>
    void put(const list<Vector>& l) {
        check(l.value.size() <= l.limit);
        out_.array(l.value.size());
        for (const auto& element : l.value) {
            put(element);
        }
    }
    template <class Optional>
    void put(const maybe<Optional>& m) {
        out_.array(m.value ? 1 : 0);
        if (m.value) {
            put(*m.value);
        }
    }
    template <class Count>
    void put(const filler<Count>& f) {
        check(f.value <= f.limit);
        out_.bytes(std::vector<std::byte>(f.value));
    }
    template <class Enum>
    void put(const one_of<Enum>& e) {
        check(e.value >= e.first && e.value <= e.last);
        out_.number(static_cast<std::uint64_t>(e.value));
    }
    template <class Slots>
    void put(const slot_set<Slots>& s) {
        check(is_slot_set(s.value));
        out_.bytes(slots_to_bytes(s.value, scratch_));
    }
    void put(const base::shared_slot_map& map);

private:
    void put_id(std::uint64_t high, std::uint64_t low) { out_.bytes(id_to_bytes(high, low)); }

    pack::writer out_;
    slot_bytes scratch_;
};

class reading {
public:
    explicit reading(pack::reader& in) : in_{in} {}

    template <class... Field>
    void operator()(Field&&... field) {
        const auto unknown = in_.fields(sizeof...(field));
        (get(field), ...);
        in_.skip(unknown);  // WIRE-1
    }
    void check(bool holds) {
        if (!holds) {
            in_.fail(pack::failure::malformed);
        }
    }

    template <class T>
    void get(T& value) {
        if constexpr (std::same_as<T, bool>) {
            value = in_.boolean();
        } else if constexpr (std::unsigned_integral<T>) {
            const auto wide = in_.number();
            value = static_cast<T>(wide);
            check(value == wide);
        } else if constexpr (std::signed_integral<T>) {
            const auto wide = in_.signed_number();
            value = static_cast<T>(wide);
            check(value == wide);
        } else {
            fields(*this, value);
        }
    }
    void get(peer_id& id) { std::tie(id.high, id.low) = id_halves(); }
    void get(cluster_id& id) { std::tie(id.high, id.low) = id_halves(); }
    void get(endpoint& address) {
        const auto bytes = in_.bytes(endpoint_size);
        check(bytes.size() == endpoint_size);
        if (!in_.has_failed()) {
            address = endpoint_from_bytes(bytes.first<endpoint_size>());
        }
    }
    void get(view_number& n) { get(n.value); }
    void get(epoch& e) { get(e.value); }
    void get(slot& s) {
        get(s.value);
        check(s.value < base::limits::slots);
    }
    void get(request_number& n) { get(n.value); }
    void get(token& t) {
        get(t.value);
        check(t.value >= 0);
    }
    void get(base::right_time& t) { t = base::right_time{base::duration{in_.signed_number()}}; }
    void get(base::duration& d) { d = base::duration{in_.signed_number()}; }
    void get(std::chrono::milliseconds& d) { d = std::chrono::milliseconds{in_.signed_number()}; }
    template <class String>
    void get(text<String>& t) {
        t.value = in_.text(t.limit);
    }
    template <class Vector>
    void get(list<Vector>& l) {
        // The count is not trusted with a reserve(): memory grows with what was really read.
        for (auto count = in_.array(l.limit); count > 0 && !in_.has_failed(); --count) {
            get(l.value.emplace_back());
        }
    }
    template <class Optional>
    void get(maybe<Optional>& m) {
        if (in_.array(1) == 1) {
            get(m.value.emplace());
        }
    }
    template <class Count>
    void get(filler<Count>& f) {
        f.value = static_cast<Count>(in_.bytes(f.limit).size());
    }
    template <class Enum>
    void get(one_of<Enum>& e) {
        const auto number = in_.number();
        check(number >= static_cast<std::uint64_t>(e.first) &&
              number <= static_cast<std::uint64_t>(e.last));
        e.value = in_.has_failed() ? e.first : static_cast<Enum>(number);
    }
    template <class Slots>
    void get(slot_set<Slots>& s) {
        check(slots_from_bytes(in_.bytes(slot_bytes{}.size()), s.value));
    }
    void get(base::shared_slot_map& map);

private:
    std::pair<std::uint64_t, std::uint64_t> id_halves() {
        const auto bytes = in_.bytes(id_size);
        check(bytes.size() == id_size);
        return in_.has_failed() ? std::pair<std::uint64_t, std::uint64_t>{}
                                : id_from_bytes(bytes.first<id_size>());
    }

    pack::reader& in_;
};

// ---- messages, in groups or not: the kind, then the fields

template <class Group>
void write_message(pack::writer out, const Group& what) {
    base::visit_message(
        [&]<class M>(const M& m) {
            static_assert(about<M>.number != 0, "a message without a kind");
            out.number(about<M>.number);
            writing{out}.put(m);
        },
        what);
}

/// Whether one of the messages in `Group` has this number.
template <class Group>
bool has_kind(std::uint64_t number) {
    bool is_there = false;
    base::for_each_message<Group>([&]<class M>(std::in_place_type_t<M>) {
        is_there = is_there || about<M>.number == number;
    });
    return is_there;
}

/// False if no message in the group has that number. Whether it could be read, the reader knows.
template <class... Alternative>
bool read_message(pack::reader& in, std::uint64_t number, std::variant<Alternative...>& what) {
    const auto is_this = [&]<class A>(std::in_place_type_t<A>) {
        if constexpr (base::is_message_group<A>) {
            return has_kind<A>(number) && read_message(in, number, what.template emplace<A>());
        } else {
            if (about<A>.number != number) {
                return false;
            }
            reading{in}.get(what.template emplace<A>());
            return true;
        }
    };
    return (is_this(std::in_place_type<Alternative>) || ...);
}

template <class Group>
std::string_view name_of_message(const Group& what) {
    return base::visit_message([]<class M>(const M&) { return about<M>.name; }, what);
}

}  // namespace holdfast::wire
