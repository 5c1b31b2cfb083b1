// What a founding has to do with the rest of the agreement.
#include <string>
#include <utility>

#include "base/rule_effects.hpp"
#include "view/agreement.hpp"
#include "view/founding_epoch.hpp"

namespace holdfast::views {
namespace {

problem clock_is_wrong(const std::string& what) {
    return {errc::clock_wrong, what + ": " + std::string{explain(errc::clock_wrong)}};
}

}  // namespace

void agreement::take(const sender& from, const founding_message& what, base::moment now) {
    const auto* asked = std::get_if<found_accept>(&what);
    if (asked != nullptr && !is_bound() && founding_.can_accept(*asked)) {
        const auto epoch = asked->value.epoch;
        if (is_too_far(epoch, now.wall_s, settings_.built_at_s, epochs_.own())) {
            base::count(base::effect::found_9_too_far);
            // FOUND-9. Not answered: it asks again, and by then the clock may have been set.
            out_.push(clock_is_wrong("a founding has the epoch " + std::to_string(epoch.value) +
                                     ", more than a year past this clock"));
            return;
        }
        if (!remembers(epoch, now)) {
            wait_for_disk({from.id, from.at, from.installed, *asked});
            return;
        }
        epochs_.accept_founding(epoch);
    }
    founding_.handle(from.id, from.at, what,
                     {is_bound(), epochs_.named(), environment_.lease_left()}, now);
}

void agreement::drain_founding(base::time_point now) {
    while (auto out = founding_.next()) {
        if (auto* s = std::get_if<founding::send>(&*out)) {
            out_.push(send{s->to, s->at, std::move(s->what)});
        } else if (const auto* f = std::get_if<founding::founded_with_us>(&*out)) {
            if (!is_bound()) {
                founded_by_ = f->value;
                install(view_log_.found(first_view(f->value, seeds_), environment_), now);
            }
        } else if (const auto* e = std::get_if<founding::epochs_end>(&*out)) {
            out_.push(clock_is_wrong("no founding can have an epoch above " +
                                     std::to_string(e->highest.value)));
        } else {
            out_.push(std::get<problem>(std::move(*out)));
        }
    }
}

}  // namespace holdfast::views
