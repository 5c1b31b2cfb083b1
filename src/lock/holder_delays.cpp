// What a member keeps of the delays that an owner tells the voters of (DELAY).
#include "lock/holder.hpp"

namespace holdfast::lock {

void holder::on(const peer_id& from, const keep_delays& told, base::time_point now) {
    // Without a view it does not know the slots. Of an owner that is removed nothing has to be
    // kept: without our answer it grants no more, and what it takes back may be waited for once
    // more.
    if (!view_ || !view_->has(from)) {
        return;
    }
    auto kept = delays_.keep(from, told, promises_, link_.slots_of(), now);
    if (!kept.empty()) {
        out_.push(send{from, delays_kept{std::move(kept)}});
    }
}

}  // namespace holdfast::lock
