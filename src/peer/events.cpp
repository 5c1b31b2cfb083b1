#include <holdfast/events.hpp>
#include <holdfast/printable.hpp>

namespace holdfast {
namespace {

std::string in_milliseconds(std::chrono::nanoseconds t) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(t).count()) + " ms";
}

struct sentence {
    std::string operator()(const events::view_installed& e) const {
        return "view " + std::to_string(e.what->number.value) +
               " installed: " + std::to_string(e.what->members.size()) + " members, epoch " +
               std::to_string(e.what->epoch.value);
    }
    std::string operator()(const events::liveness_changed& e) const {
        return e.name + " (" + to_short_string(e.peer) + ", " + to_string(e.address) + ") seems " +
               std::string{to_string(e.now)};
    }
    std::string operator()(const events::lease_gained&) const { return "lease gained"; }
    std::string operator()(const events::lease_at_risk& e) const {
        return "lease at risk: " + in_milliseconds(e.remaining) + " left";
    }
    std::string operator()(const events::lease_renewed&) const { return "lease renewed in time"; }
    std::string operator()(const events::lease_lost&) const { return "lease lost"; }
    std::string operator()(const events::hold_lost& e) const {
        return "hold of \"" + e.name + "\" lost (token " + std::to_string(e.token.value) +
               "): " + std::string{to_string(e.why)} +
               (e.broken_by.empty() && e.broken_for.empty()
                    ? ""
                    : " by " + e.broken_by + ": " + e.broken_for);
    }
    std::string operator()(const events::release_requested& e) const {
        return "release of \"" + e.what.name + "\" requested (token " +
               std::to_string(e.what.token.value) + ") by " + e.what.who + ": " + e.what.why;
    }
    std::string operator()(const events::hold_stalled& e) const {
        return "hold of \"" + e.name + "\" makes no progress (token " +
               std::to_string(e.token.value) + ")";
    }
    std::string operator()(const events::broke_by_policy& e) const {
        return "breaks the hold of \"" + e.name + "\" by " + to_short_string(e.holder) +
               " (token " + std::to_string(e.token.value) + "), " + e.who + ": " + e.why;
    }
    std::string operator()(const events::problem& e) const {
        return std::string{to_string(e.what.code)} + ": " + e.what.text;
    }
    std::string operator()(const events::restarted& e) const {
        return "goes on as " + to_short_string(e.after) + ", was " + to_short_string(e.before) +
               ": " + std::string{to_string(e.why)};
    }
    std::string operator()(const events::stopped& e) const { return "stopped: " + e.why.text; }
};

}  // namespace

std::string_view to_string(liveness what) {
    switch (what) {
        case liveness::alive:
            return "alive";
        case liveness::suspect:
            return "suspect";
        case liveness::dead:
            return "dead";
        case liveness::left:
            return "left";
    }
    return "unknown";
}

std::string to_string(const event& what) { return printable(std::visit(sentence{}, what)); }

}  // namespace holdfast
