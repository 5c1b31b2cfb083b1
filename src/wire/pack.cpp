#include "wire/pack.hpp"

#include <limits>
#include <utility>

// The parser's stack of open containers: it reserves this many places at every start, and never
// needs one, since `one_token` below stops at the head of a container.
#define MSGPACK_EMBED_STACK_SIZE 0
#include <msgpack.hpp>

namespace holdfast::wire::pack {
namespace {

// First bytes of tokens that say all in this byte, or in it and a length. Messages consist of
// little else, and a parser that is ready for anything takes several times as long for them.
constexpr std::uint8_t small_number = 0x80;  // below it: the number itself
constexpr std::uint8_t small_array = 0x90;   // and its size in the lower four bits
constexpr std::uint8_t small_text = 0xa0;    // and its size in the lower five bits
constexpr std::uint8_t no_token = 0xc1;      // begins nothing
constexpr std::uint8_t is_false = 0xc2;
constexpr std::uint8_t is_true = 0xc3;
constexpr std::uint8_t short_bytes = 0xc4;  // their size in the next byte

struct sink {
    std::vector<std::byte>& out;
    void write(const char* data, std::size_t size) {
        const auto* from = reinterpret_cast<const std::byte*>(data);
        out.insert(out.end(), from, from + size);
    }
};

/// Takes what msgpack-c finds at the place it was told to look at, and goes no further. What no
/// message has (maps, floats, extensions, nil) is refused by null_visitor's hooks below.
struct one_token : msgpack::null_visitor {
    enum class type : std::uint8_t { nothing, positive, negative, boolean, text, bytes, array };

    type is = type::nothing;
    std::uint64_t positive = 0;  // also a boolean's value, and the size of an array
    std::int64_t negative = 0;
    const char* data = nullptr;
    std::size_t size = 0;

    bool visit_positive_integer(std::uint64_t value) { return take(type::positive, value); }
    bool visit_negative_integer(std::int64_t value) {
        if (value >= 0) {  // a small number in a signed format
            return take(type::positive, static_cast<std::uint64_t>(value));
        }
        negative = value;
        return take(type::negative, 0);
    }
    bool visit_boolean(bool value) { return take(type::boolean, value ? 1 : 0); }
    bool visit_str(const char* at, std::uint32_t length) { return take(type::text, at, length); }
    bool visit_bin(const char* at, std::uint32_t length) { return take(type::bytes, at, length); }
    bool start_array(std::uint32_t count) {
        take(type::array, count);
        return false;  // the elements are tokens of their own
    }
    bool visit_nil() { return false; }
    bool visit_float32(float) { return false; }
    bool visit_float64(double) { return false; }
    bool visit_ext(const char*, std::uint32_t) { return false; }
    bool start_map(std::uint32_t) { return false; }

private:
    bool take(type t, std::uint64_t value) {
        is = t;
        positive = value;
        return true;
    }
    bool take(type t, const char* at, std::uint32_t length) {
        is = t;
        data = at;
        size = length;
        return true;
    }
};

}  // namespace

void writer::array(std::size_t count) {
    sink to{out_};
    msgpack::packer<sink>{to}.pack_array(static_cast<std::uint32_t>(count));
}

void writer::put_unknown() {
    for (std::size_t i = 0; i < unknown_; ++i) {
        if (i % 2 == 0) {
            text("later");
            continue;
        }
        array(3);
        number(i);
        array(0);
        array(1);
        boolean(true);
    }
}

void writer::number(std::uint64_t value) {
    sink to{out_};
    msgpack::packer<sink>{to}.pack_uint64(value);
}

void writer::signed_number(std::int64_t value) {
    sink to{out_};
    msgpack::packer<sink>{to}.pack_int64(value);
}

void writer::boolean(bool value) {
    sink to{out_};
    msgpack::packer<sink> p{to};
    value ? p.pack_true() : p.pack_false();
}

void writer::text(std::string_view value) {
    sink to{out_};
    const auto size = static_cast<std::uint32_t>(value.size());
    msgpack::packer<sink>{to}.pack_str(size).pack_str_body(value.data(), size);
}

void writer::bytes(std::span<const std::byte> value) {
    sink to{out_};
    const auto size = static_cast<std::uint32_t>(value.size());
    msgpack::packer<sink>{to}.pack_bin(size).pack_bin_body(
        reinterpret_cast<const char*>(value.data()), size);
}

template <class Token>
Token reader::next() {
    Token found;
    if (has_failed()) {
        return found;
    }
    std::size_t at = at_;
    try {
        const bool is_whole =
            msgpack::parse(reinterpret_cast<const char*>(in_.data()), in_.size(), at, found);
        // Stopped at the head of an array, the parser has yet to step over its last byte.
        at_ = is_whole || found.is != Token::type::array ? at : at + 1;
    } catch (const msgpack::unpack_error&) {  // only where std::size_t has 32 bits
        found.is = Token::type::nothing;
    }
    if (found.is == Token::type::nothing) {
        fail(failure::malformed);
    }
    return found;
}

std::uint8_t reader::head() const {
    return has_failed() || left() == 0 ? no_token : std::to_integer<std::uint8_t>(in_[at_]);
}

std::size_t reader::array(std::size_t limit) {
    if (const std::size_t count = head() ^ small_array;
        count < 16 && count <= limit && count < left()) {
        ++at_;
        return count;
    }
    const auto t = next<one_token>();
    if (t.is != one_token::type::array) {
        fail(failure::malformed);
        return 0;
    }
    if (t.positive > limit) {
        fail(failure::too_large);
        return 0;
    }
    if (t.positive > left()) {  // no element takes less than a byte
        fail(failure::malformed);
        return 0;
    }
    return static_cast<std::size_t>(t.positive);
}

std::size_t reader::fields(std::size_t known) {
    const auto count = array(known + most_unknown_fields);
    if (count < known) {
        fail(failure::malformed);
        return 0;
    }
    return count - known;
}

void reader::skip(std::size_t count) {
    // In a loop, for any host may say how deep arrays are in arrays.
    while (count > 0 && !has_failed()) {
        if (count > left()) {  // no element takes less than a byte
            fail(failure::malformed);
            return;
        }
        const auto t = next<one_token>();
        --count;
        if (t.is == one_token::type::array) {
            count += static_cast<std::size_t>(t.positive);
        }
    }
}

std::uint64_t reader::number() {
    if (const auto value = head(); value < small_number) {
        ++at_;
        return value;
    }
    const auto t = next<one_token>();
    if (t.is != one_token::type::positive) {
        fail(failure::malformed);
        return 0;
    }
    return t.positive;
}

std::int64_t reader::signed_number() {
    const auto t = next<one_token>();
    if (t.is == one_token::type::negative) {
        return t.negative;
    }
    if (t.is != one_token::type::positive ||
        t.positive > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        fail(failure::malformed);
        return 0;
    }
    return static_cast<std::int64_t>(t.positive);
}

bool reader::boolean() {
    if (const auto value = head(); value == is_false || value == is_true) {
        ++at_;
        return value == is_true;
    }
    (void)next<one_token>();  // says so if the bytes end here
    fail(failure::malformed);
    return false;
}

std::string_view reader::text(std::size_t limit) {
    if (const std::size_t size = head() ^ small_text; size < 32 && size <= limit && size < left()) {
        const auto from = std::exchange(at_, at_ + 1 + size) + 1;
        return {reinterpret_cast<const char*>(in_.data()) + from, size};
    }
    const auto t = next<one_token>();
    if (t.is != one_token::type::text) {
        fail(failure::malformed);
        return {};
    }
    if (t.size > limit) {
        fail(failure::too_large);
        return {};
    }
    return {t.data, t.size};
}

std::span<const std::byte> reader::bytes(std::size_t limit) {
    if (head() == short_bytes && left() >= 2) {
        const auto size = std::to_integer<std::size_t>(in_[at_ + 1]);
        if (size <= limit && size + 2 <= left()) {
            const auto from = std::exchange(at_, at_ + 2 + size) + 2;
            return in_.subspan(from, size);
        }
    }
    const auto t = next<one_token>();
    if (t.is != one_token::type::bytes) {
        fail(failure::malformed);
        return {};
    }
    if (t.size > limit) {
        fail(failure::too_large);
        return {};
    }
    return {reinterpret_cast<const std::byte*>(t.data), t.size};
}

void reader::fail(failure why) {
    if (!has_failed()) {
        failure_ = why;
    }
}

}  // namespace holdfast::wire::pack
