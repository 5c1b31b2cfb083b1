// Questions that belong together: sent to several members, and complete when enough have answered.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>

#include "lock/query_client.hpp"

namespace holdfast::lock {

struct quorum_query {
    struct part {
        question what;
        peer_id to;                ///< nil: the owner of the name that it is about
        std::uint64_t number = 0;  ///< of the inquirer
        std::optional<to_asker> heard{};
        bool is_over = false;  ///< nothing more will be heard
        bool is_last_word = false;
    };
    std::vector<part> parts;
    std::size_t needed = 1;  ///< the number of final answers that are enough
    std::optional<errc> failure;

    [[nodiscard]] std::size_t last_words() const {
        return static_cast<std::size_t>(std::count_if(
            parts.begin(), parts.end(), [](const part& p) { return p.is_last_word; }));
    }
    [[nodiscard]] bool has_enough() const { return last_words() >= needed; }
    [[nodiscard]] bool is_over() const {
        return has_enough() ||
               std::all_of(parts.begin(), parts.end(), [](const part& p) { return p.is_over; });
    }
    /// What the inquirer says of one of its questions. False: it is none of these.
    bool hear(std::uint64_t number, std::optional<to_asker> what, std::optional<errc> why_none) {
        const auto at = std::find_if(parts.begin(), parts.end(), [&](const part& p) {
            return p.number == number && !p.is_over;
        });
        if (at == parts.end()) {
            return false;
        }
        at->is_over = true;
        at->is_last_word = what && !why_none;
        at->heard = std::move(what);
        if (why_none && *why_none != errc::timed_out) {
            failure = why_none;
        }
        return true;
    }
};

}  // namespace holdfast::lock
