#include "base/pace.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace holdfast::base {

void round_trip::measured(duration took) {
    if (!is_known_) {
        is_known_ = true;
        smoothed_ = took;
        variation_ = took / 2;
        return;
    }
    // RFC 6298, 2.3: beta is 1/4, alpha 1/8
    const auto off = took > smoothed_ ? took - smoothed_ : smoothed_ - took;
    variation_ += (off - variation_) / 4;
    smoothed_ += (took - smoothed_) / 8;
}

std::optional<duration> round_trip::timeout() const {
    return is_known_ ? std::optional{smoothed_ + 4 * variation_} : std::nullopt;
}

duration doubled(duration first, unsigned times, duration longest) {
    auto out = std::min(first, longest);
    for (unsigned i = 0; i < times && out < longest; ++i) {
        out = std::min(2 * out, longest);
    }
    return out;
}

duration pace::first_pause(const peer_id& to) const {
    const auto known = known_.find(to);
    const auto measured = known == known_.end() ? all_.timeout() : known->second.timeout();
    return std::max(measured.value_or(settings_.retry), settings_.retry);
}

duration pace::longest() const { return std::max(settings_.lease / 2, settings_.retry); }

duration pace::pause(const peer_id& to, unsigned before, duration least) {
    return with_chance(doubled(std::max(first_pause(to), least), before, longest()));
}

duration pace::short_pause(const peer_id& to, unsigned before) {
    const auto first = first_pause(to);
    const auto most = std::max(most_when_short * settings_.retry, first);
    return with_chance(doubled(first, before, std::min(most, longest())));
}

duration pace::with_chance(duration out) {
    out += random_.between({}, out / most_by_chance);
    HOLDFAST_ASSERT(out >= settings_.retry);
    return out;
}

void pace::measured(const peer_id& by, duration took) {
    if (took <= duration::zero()) {
        return;  // it was this peer itself
    }
    took = std::min(took, settings_.lease / sample_part);
    known_[by].measured(took);
    all_.measured(took);
}

void pace::keep_members(const view& v) {
    std::erase_if(known_, [&](const auto& k) { return !v.has(k.first); });
}

}  // namespace holdfast::base
