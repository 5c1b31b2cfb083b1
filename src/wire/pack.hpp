// msgpack, token by token. The one place that knows msgpack-c: only pack.cpp includes it.
//
// Nothing here builds a tree or allocates for what it reads. Texts and bytes point into the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast::wire::pack {

/// Appends to a buffer that its caller keeps, so that a reused one costs no allocation.
class writer {
public:
    /// `unknown`: so many fields more at the end of each struct, only to try what a later version
    /// may send (WIRE-1).
    explicit writer(std::vector<std::byte>& out, std::size_t unknown = 0)
        : out_{out}, unknown_{unknown} {}

    void array(std::size_t count);
    /// The head of a struct; its fields follow, then `end_fields`.
    void fields(std::size_t count) { array(count + unknown_); }
    void end_fields() {
        if (unknown_ > 0) {
            put_unknown();
        }
    }
    void number(std::uint64_t value);
    void signed_number(std::int64_t value);
    void boolean(bool value);
    void text(std::string_view value);
    void bytes(std::span<const std::byte> value);

private:
    void put_unknown();

    std::vector<std::byte>& out_;
    std::size_t unknown_;
};

/// A struct may have so many more fields than its reader knows.
constexpr std::size_t most_unknown_fields = 64;

enum class failure : std::uint8_t {
    none = 0,
    malformed,
    too_large,  ///< a count or length over the limit that was given
};

/// Reads any bytes. The first failure stays: after it every call answers zero or nothing, so that
/// callers need to look only where they loop and at the end.
class reader {
public:
    explicit reader(std::span<const std::byte> in) : in_{in} {}

    /// The number of elements that follow, at most `limit` and at most as many as there are bytes
    /// left for.
    std::size_t array(std::size_t limit);
    /// The head of a struct with at least `known` fields. Answers how many more it has, which are
    /// to be skipped behind those (WIRE-1).
    std::size_t fields(std::size_t known);
    /// Steps over so many elements, each with all that is in it.
    void skip(std::size_t count);
    std::uint64_t number();
    std::int64_t signed_number();
    bool boolean();
    std::string_view text(std::size_t limit);
    std::span<const std::byte> bytes(std::size_t limit);

    void fail(failure why);
    [[nodiscard]] bool has_failed() const { return failure_ != failure::none; }
    [[nodiscard]] failure why() const { return failure_; }
    [[nodiscard]] std::size_t left() const { return in_.size() - at_; }

private:
    [[nodiscard]] std::uint8_t head() const;
    template <class Token>
    Token next();

    std::span<const std::byte> in_;
    std::size_t at_ = 0;
    failure failure_ = failure::none;
};

}  // namespace holdfast::wire::pack
