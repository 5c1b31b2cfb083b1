// The named rules of the protocol (docs/protocol.md), and what shows that the judge would see each
// of them broken.
#pragma once

#include <span>
#include <string_view>

namespace holdfast::sim {

struct rule {
    std::string_view name;
    /// Why no bug is planted: a page of docs/decisions. Empty: one must be.
    std::string_view exempt;
};

[[nodiscard]] std::span<const rule> all_rules();
/// Some planted bug breaks it.
[[nodiscard]] bool has_mutant(const rule& r);

}  // namespace holdfast::sim
