// What waits for the disk, and what is written beside (DISK-1).
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "base/rule_effects.hpp"
#include "view/agreement.hpp"

namespace holdfast::views {

const ballot& waiting_accept::ballot() const {
    return std::visit([](const auto& asked) -> const views::ballot& { return asked.ballot; }, what);
}

bool agreement::remembers(epoch agreed, base::moment now) {
    if (const auto mark = mark_.wants(agreed, now)) {
        out_.push(persist{*mark});
    }
    return mark_.covers(agreed);
}

bool agreement::blocks_lease_of(const peer_id& peer) const {
    if (!mark_.covers(seats_epoch_)) {
        base::count(base::effect::disk_1_does_not_ack);
    }
    return acceptor_.blocks_lease_of(peer) || !mark_.covers(seats_epoch_);
}

void agreement::wait_for_disk(waiting_accept asked) {
    base::count(base::effect::disk_1_accept_waits);
    if (!waiting_ || waiting_->ballot() <= asked.ballot()) {
        waiting_ = std::move(asked);
    }
}

void agreement::persisted(epoch mark, base::moment now) {
    mark_.written(mark);
    if (is_over_ || !waiting_) {
        return;
    }
    // As if it came now: what was promised or decided meanwhile counts.
    const auto asked = *std::exchange(waiting_, std::nullopt);
    const sender from{asked.from, asked.at, asked.installed};
    if (const auto* founds = std::get_if<found_accept>(&asked.what)) {
        take(from, founding_message{*founds}, now);
    } else {
        on(from, std::get<accept>(asked.what), now);
    }
    drain_founding(now.now);
    maybe_propose(now.now);
    invariants();
}

/// Who comes to fill a seat writes before it acks any member (blocks_lease_of). For all others it
/// is early.
void agreement::keep_up_the_mark(base::moment now) {
    if (is_over_) {
        return;
    }
    if (is_voter()) {
        (void)remembers(current()->epoch, now);
    }
    if (mark_.must_complain(now.now)) {
        base::count(base::effect::disk_1_complains);
        out_.push(problem{errc::io_error,
                          "state_dir: a write has not finished. Until it has, this peer agrees to "
                          "no epoch above " +
                              std::to_string(mark_.on_disk().value) + "; look at the disk"});
    }
}

}  // namespace holdfast::views
