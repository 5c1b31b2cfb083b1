#include "sim/trigger.hpp"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

/// The messages that a trigger waits for: those that grant, release, hand over, ask and decide.
message_kind draw_kind(base::random_source& random) {
    switch (random.below(18)) {
        case 0:
        case 1:
        case 2:
            return kind_of_type<lock::grant>;
        case 3:
            return kind_of_type<lock::grant_ack>;
        case 4:
            return kind_of_type<lock::release>;
        case 5:
            return kind_of_type<lock::cancel>;
        case 6:
            return kind_of_type<lock::gather>;
        case 7:
            return kind_of_type<lock::report>;
        case 8:
            return kind_of_type<lock::no_holds_of>;
        case 9:
        case 10:
            return kind_of_type<lock::table>;
        case 11:
            return kind_of_type<lock::table_ack>;
        case 12:
            return kind_of_type<views::promise>;
        case 13:
            return kind_of_type<views::accept>;
        case 14:
            return kind_of_type<views::accepted>;
        case 15:
            return kind_of_type<views::steps>;
        case 16:
            return kind_of_type<views::found_accept>;
        default:
            return kind_of_type<lease::ack>;
    }
}

trigger::mishap draw_mishap(base::random_source& random) {
    switch (random.below(6)) {
        case 0:
            return trigger::mishap::crashes;
        case 1:
            return trigger::mishap::pauses;
        case 2:
            return trigger::mishap::is_isolated;
        default:
            return trigger::mishap::spared;
    }
}

}  // namespace

trigger trigger::draw(base::random_source& random, instant now) {
    trigger a;
    a.waits_for = draw_kind(random);
    a.until = now + 5s;
    a.loses = random.chance(0.25);
    a.delay = random.chance(0.6) ? random.between({}, 3s) : base::duration{};
    a.sender = draw_mishap(random);
    a.receiver = draw_mishap(random);
    return a;
}

}  // namespace holdfast::sim
