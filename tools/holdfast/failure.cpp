#include "failure.hpp"

#include <set>
#include <string_view>

namespace holdfast_tool {

int failure::exit_code() const {
    static const std::set<std::string_view> wrong_use{"usage", "bad_config", "name_too_long", "value_too_long"};
    static const std::set<std::string_view> our_fault{"internal_error", "out_of_memory"};
    static const std::set<std::string_view> out_of_reach{
        "no_agent",  "no_quorum",     "not_a_member", "shutting_down",      "too_many", "address_in_use", "seeds_differ", "times_differ",
        "wrong_key", "wrong_cluster", "version",      "ring_not_supported", "io"};
    return wrong_use.contains(code) ? usage : our_fault.contains(code) ? internal : out_of_reach.contains(code) ? unavailable : not_so;
}

nlohmann::json to_json(const failure& f) { return {{"error", f.what()}, {"code", f.code}}; }

std::string text_of(const nlohmann::json& line) { return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

}  // namespace holdfast_tool
