#include "view/view_log.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/settings.hpp"

namespace holdfast::views {
namespace {

// A joiner asks for its welcome within a few round trips, or counts as removed; maps are large, so
// few are kept.
constexpr std::size_t snapshots_kept = 32;

}  // namespace

installation view_log::found(view first, const environment& environment) {
    HOLDFAST_ASSERT(!current_);  // FOUND-3
    HOLDFAST_ASSERT(first.number.value == 1);
    installation done;
    done.now = std::make_shared<const view>(std::move(first));
    done.map = environment.first_map(*done.now);
    done.is_first = true;
    current_ = done.now;
    map_ = done.map;
    invariants();
    return done;
}

result<installation> view_log::start(const welcome& from, const environment& environment) {
    if (!from.map_before || from.map_before->slots() != from.before.slots ||
        from.map_before->owners.empty()) {
        return fail(errc::internal_error, "a welcome without a slot map");
    }
    auto done = follow(std::make_shared<const view>(from.before), from.map_before, from.added_by,
                       environment);
    if (done) {
        done->is_first = true;
        keep(*done);
    }
    return done;
}

result<installation> view_log::append(const step& next, const environment& environment) {
    HOLDFAST_ASSERT(current_ && map_ && next.what.number == current_->number.next());
    auto done = follow(current_, map_, next, environment);
    if (done) {
        keep(*done);
    }
    return done;
}

std::optional<std::vector<step>> view_log::after(view_number n, std::size_t count) const {
    if (steps_.empty() || n.value + 1 < steps_.front().what.number.value) {
        return std::nullopt;
    }
    std::vector<step> out;
    for (auto at = n.value + 1 - steps_.front().what.number.value;
         at < steps_.size() && out.size() < count; ++at) {
        out.push_back(steps_[at]);
    }
    HOLDFAST_ASSERT(out.size() <= count);
    HOLDFAST_ASSERT(out.empty() || out.front().what.number == n.next());
    return out;
}

std::optional<welcome> view_log::welcome_for(view_number since) const {
    const auto kept = snapshots_.find(since);
    if (kept == snapshots_.end()) {
        return std::nullopt;
    }
    const auto by = after(since.previous(), 1);
    if (!by || by->empty()) {
        return std::nullopt;
    }
    HOLDFAST_ASSERT(kept->second.before->number.next() == since);
    return welcome{*kept->second.before, kept->second.map, by->front()};
}

result<installation> view_log::follow(const std::shared_ptr<const view>& before,
                                      const base::shared_slot_map& map_before, const step& next,
                                      const environment& environment) const {
    auto after = apply(*before, next.what);
    if (!after) {
        return tl::unexpected<error>{std::move(after.error())};
    }
    installation done;
    done.before = before;
    done.map_before = map_before;
    done.map = environment.next_map(map_before, *before, *after);
    if (next.what.checksum != environment.checksum(*after, *done.map)) {
        return fail(errc::internal_error,
                    "the view made by a decided step has another checksum than was agreed");
    }
    done.now = std::make_shared<const view>(std::move(*after));
    done.by = next;
    HOLDFAST_ASSERT(done.now->number == before->number.next());
    // VIEW-1: tokens of a later view are greater
    HOLDFAST_ASSERT(done.now->epoch > before->epoch);
    return done;
}

void view_log::keep(const installation& done) {
    current_ = done.now;
    map_ = done.map;
    steps_.push_back(done.by);
    if (steps_.size() > base::limits::steps_kept) {
        steps_.pop_front();
    }
    if (!done.by.what.added.empty()) {
        snapshots_[done.now->number] = {done.before, done.map_before};
        if (snapshots_.size() > snapshots_kept) {
            snapshots_.erase(snapshots_.begin());
        }
    }
    invariants();
}

void view_log::invariants() const {
    HOLDFAST_ASSERT((current_ == nullptr) == (map_ == nullptr));
    HOLDFAST_ASSERT(steps_.size() <= base::limits::steps_kept);
    HOLDFAST_ASSERT(snapshots_.size() <= snapshots_kept);

    HOLDFAST_ASSERT(steps_.empty() || (current_ && steps_.back().what.number == current_->number));
    HOLDFAST_ASSERT(!current_ || map_->owners.empty() || map_->slots() == current_->slots);
    if (base::checks_everything()) {
        const auto is_no_successor = [&](const step& a, const step& b) {
            return b.what.number != a.what.number.next() || b.what.epoch <= a.what.epoch;
        };
        HOLDFAST_ASSERT(std::adjacent_find(steps_.begin(), steps_.end(), is_no_successor) ==
                        steps_.end());
        HOLDFAST_ASSERT(std::all_of(snapshots_.begin(), snapshots_.end(), [](const auto& s) {
            return s.second.before->number.next() == s.first;
        }));
    }
}

}  // namespace holdfast::views
