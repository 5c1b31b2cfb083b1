#include "failure.hpp"

#include <set>
#include <string_view>

#include <holdfast/printable.hpp>

#include "lines.hpp"

namespace holdfast_tool {

int failure::exit_code() const {
    static const std::set<std::string_view> wrong_use{"usage", "bad_config", "name_too_long",
                                                      "value_too_long"};
    static const std::set<std::string_view> our_fault{"internal_error", "out_of_memory"};
    static const std::set<std::string_view> out_of_reach{
        "no_agent",           "no_quorum",        "not_a_member",   "shutting_down",
        "too_many_requests",  "too_many_clients", "address_in_use", "seeds_differ",
        "times_differ",       "wrong_key",        "wrong_cluster",  "version_mismatch",
        "ring_not_supported", "io_error",         "clock_wrong",    "two_clusters"};
    return wrong_use.contains(code)      ? usage
           : our_fault.contains(code)    ? internal
           : out_of_reach.contains(code) ? unavailable
                                         : not_so;
}

int why_not_held(const std::string& name, const holdfast::error& why) {
    log_line(name + " not locked: " + why.text);
    switch (why.code) {
        case holdfast::errc::timed_out:
        case holdfast::errc::would_block:
            return not_in_time;
        case holdfast::errc::name_too_long:
        case holdfast::errc::value_too_long:
        case holdfast::errc::bad_config:
            return usage;
        case holdfast::errc::limit_differs:
            return not_so;
        default:
            return unavailable;
    }
}

nlohmann::json to_json(const failure& f) { return {{"error", f.what()}, {"code", f.code}}; }

std::string text_of(const nlohmann::json& line) {
    return holdfast::printable_json(
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace holdfast_tool
