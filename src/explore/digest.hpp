// The state of a machine as bytes, and a number for it: two machines with the same bytes behave the
// same.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <holdfast/ids.hpp>

#include "node/message.hpp"

namespace holdfast::explore {

struct fingerprint {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    auto operator<=>(const fingerprint&) const = default;
};

[[nodiscard]] fingerprint fingerprint_of(std::span<const std::byte> bytes);

class digest {
public:
    void add(std::uint64_t number);
    void add(const peer_id& id);
    void add(std::string_view text);
    /// In the bytes of the wire, which name every field.
    void add(const node::message& what);
    /// Only whether it is set: for times, and others whose value decides nothing here.
    template <class Optional>
    void add_presence(const Optional& maybe) {
        add(maybe.has_value() ? std::uint64_t{1} : std::uint64_t{0});
    }
    template <class Range, class Each>
    void add_each(const Range& range, Each each) {
        add(static_cast<std::uint64_t>(range.size()));
        for (const auto& entry : range) {
            each(entry);
        }
    }
    [[nodiscard]] fingerprint result() const { return fingerprint_of(bytes_); }

private:
    std::vector<std::byte> bytes_;
};

}  // namespace holdfast::explore
