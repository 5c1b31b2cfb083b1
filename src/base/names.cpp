// The names of the values of public enums, as documented: for logs, JSON and other languages.
#include <string>
#include <string_view>

#include <holdfast/audit_log.hpp>
#include <holdfast/breaking.hpp>
#include <holdfast/lock_report.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/previous_hold.hpp>

namespace holdfast {
namespace {

constexpr std::string_view unknown = "unknown";  // of a value that this build does not know

}  // namespace

std::string_view to_string(stall_action what) {
    switch (what) {
        case stall_action::report:
            return "report";
        case stall_action::request_release:
            return "request_release";
        case stall_action::break_hold:
            return "break_hold";
    }
    return unknown;
}

std::string_view to_string(break_stage what) {
    switch (what) {
        case break_stage::no_answer:
            return "no_answer";
        case break_stage::sent:
            return "sent";
        case break_stage::delivered:
            return "delivered";
        case break_stage::needs_approval:
            return "needs_approval";
        case break_stage::ended:
            return "ended";
        case break_stage::refused:
            return "refused";
    }
    return unknown;
}

std::string_view to_string(end_reason what) {
    switch (what) {
        case end_reason::none:
            return "none";
        case end_reason::released:
            return "released";
        case end_reason::expired:
            return "expired";
        case end_reason::died:
            return "died";
        case end_reason::broken:
            return "broken";
        case end_reason::unknown:
            return "unknown";
    }
    return unknown;
}

std::string_view to_string(admin_action what) {
    switch (what) {
        case admin_action::requested_release:
            return "requested_release";
        case admin_action::broke:
            return "broke";
        case admin_action::evicted:
            return "evicted";
        case admin_action::fenced:
            return "fenced";
    }
    return unknown;
}

std::string_view to_string(slot_state what) {
    switch (what) {
        case slot_state::no_answer:
            return "no_answer";
        case slot_state::moving:
            return "moving";
        case slot_state::receiving:
            return "receiving";
        case slot_state::gathering:
            return "gathering";
        case slot_state::unleased:
            return "unleased";
        case slot_state::serving:
            return "serving";
    }
    return unknown;
}

std::string_view to_string(lock_mode::kind what) {
    switch (what) {
        case lock_mode::kind::exclusive:
            return "exclusive";
        case lock_mode::kind::shared:
            return "shared";
        case lock_mode::kind::permit:
            return "permit";
    }
    return unknown;
}

std::string to_string(const lock_mode& mode) {
    return mode.how == lock_mode::kind::permit ? "1 of " + std::to_string(mode.limit)
                                               : std::string{to_string(mode.how)};
}

}  // namespace holdfast
