// What happened in a run: a hash of all of it, and for people a line each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>

#include "node/message.hpp"
#include "sim/instant.hpp"

namespace holdfast::sim {

class trace {
public:
    /// `out` null: only the hash is kept.
    explicit trace(std::FILE* out) : out_{out} {}

    [[nodiscard]] bool is_printed() const { return out_ != nullptr; }
    [[nodiscard]] std::uint64_t hash() const { return hash_; }

    /// Bytes that were sent, and numbers that stand for what else happened.
    void add(std::span<const std::byte> bytes);
    void add(std::uint64_t number);

    /// `[  12.345678] p3.2   text`
    void line(instant now, std::string_view who, std::string_view text);

    void names(const peer_id& id, std::string name) {
        names_.insert_or_assign(id, std::move(name));
    }
    /// `p3`, or `p3.2` for what runs there after a restart; `-` for nil.
    [[nodiscard]] std::string name_of(const peer_id& id) const;
    /// `lock.grant number=4 name=a token=1234/5`
    [[nodiscard]] std::string describe(const node::message& what) const;

private:
    std::FILE* out_;
    std::uint64_t hash_ = 0;
    std::map<peer_id, std::string> names_;
};

/// The number that stands for an error in the hash. It never changes, whatever number `errc` has
/// for it: hashes are compared between versions of the library.
[[nodiscard]] std::uint64_t hash_number_of(errc why);

[[nodiscard]] std::string text_of(token t);
/// Nothing of an exclusive one.
[[nodiscard]] std::string text_of(const lock_mode& mode);
/// Nothing if nothing is known.
[[nodiscard]] std::string text_of(const previous_hold& before);

}  // namespace holdfast::sim
