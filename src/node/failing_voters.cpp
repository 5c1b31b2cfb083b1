#include "node/failing_voters.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/assert.hpp"
#include "node/text_of.hpp"

namespace holdfast::node {
namespace {

constexpr base::duration patience_with_voters = std::chrono::seconds{5};
constexpr base::duration complained_every = std::chrono::minutes{1};

}  // namespace

failing_voters::failing_voters(base::duration lease)
    : patience_{std::max(2 * lease, patience_with_voters)} {}

void failing_voters::set_failing(const peer_id& voter, bool fails, base::time_point now) {
    if (fails) {
        since_.emplace(voter, now);
    } else {
        since_.erase(voter);
    }
}

std::optional<std::string> failing_voters::to_complain_of(const view& v, base::time_point now) {
    std::erase_if(since_, [&](const auto& f) { return !v.is_voter(f.first); });
    auto others = static_cast<std::size_t>(std::count_if(
        v.seats.begin(), v.seats.end(), [](const auto& s) { return !s.filled_by.is_nil(); }));
    HOLDFAST_ASSERT(since_.size() <= others);
    std::string who;
    for (const auto& [voter, since] : since_) {
        if (now - since >= patience_) {
            who += (who.empty() ? "" : ", ") + text_of(voter, &v);
            --others;
        }
    }
    if (who.empty() || others >= v.quorum() ||
        (complained_ && now - *complained_ < complained_every)) {
        return std::nullopt;
    }
    complained_ = now;
    return who;
}

}  // namespace holdfast::node
