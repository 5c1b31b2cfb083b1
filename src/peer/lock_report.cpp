#include <string>

#include <holdfast/lock_report.hpp>
#include <holdfast/printable.hpp>

namespace holdfast {

std::string lock_report::explain() const {
    const auto who = [](const std::string& peer_name, const peer_id& id) {
        return peer_name.empty() ? to_short_string(id) : printable(peer_name);
    };
    const auto owner_is = owner ? who(owner->name, owner->id) : std::string{"no peer"};
    switch (state) {
        case slot_state::no_answer:
            return !owner ? "this peer is in no cluster"
                          : "its owner " + owner_is + " did not answer; gossip believes it " +
                                std::string{to_string(owner_liveness)};
        case slot_state::moving:
            return "the name is moving to " + owner_is + ", which does not know it yet";
        case slot_state::receiving:
            return owner_is + " waits for the table of the owner before it";
        case slot_state::gathering:
            return owner_is +
                   " asks every member what it holds, and waits for the leases of those that "
                   "cannot say";
        case slot_state::unleased:
            return "its owner " + owner_is + " cannot reach a majority of the seats";
        case slot_state::serving:
            break;
    }
    if (holder_count == 0) {
        return waiting == 0
                   ? "free"
                   : "free; it is being granted, or rests after a hold that was lost (lock_delay)";
    }
    if (holders.empty()) {
        return "held by " + std::to_string(holder_count);
    }
    const auto& first = holders.front();
    auto out = "held by " + who(first.peer_name, first.peer) +
               (holder_count > 1 ? " and " + std::to_string(holder_count - 1) + " more" : "");
    if (first.is_being_broken) {
        out += ", being broken";
    } else if (first.is_release_requested) {
        out += ", its release is requested";
    }
    if (first.liveness != liveness::alive) {
        out += "; gossip believes it " + std::string{to_string(first.liveness)} +
               ", so it will be removed and its lease waited out";
    }
    return out;
}

}  // namespace holdfast
