#include "catch.hpp"

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include <holdfast/audit_log.hpp>
#include <holdfast/breaking.hpp>
#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/lock_report.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/previous_hold.hpp>
#include <holdfast/token.hpp>

using namespace holdfast;

TEST_CASE("an endpoint reads as people write it") {
    endpoint v4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 7}, 4653};
    CHECK(to_string(v4) == "10.0.0.7:4653");
    endpoint loopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 80};
    CHECK(to_string(loopback) == "[::1]:80");
    endpoint link{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xab, 0xcd}, 1};
    CHECK(to_string(link) == "[fe80::1:0:0:abcd]:1");
}

TEST_CASE("a token puts the epoch above every sequence number") {
    const auto low = token::make(epoch{7}, token::max_sequence);
    const auto high = token::make(epoch{8}, 1);
    CHECK(low < high);
    CHECK(high.of_epoch() == epoch{8});
    CHECK(high.sequence() == 1);
    CHECK(low.sequence() == token::max_sequence);
    CHECK(token::make(epoch{0xffffffff}, token::max_sequence).value > 0);
}

TEST_CASE("the numbers of the errors never change") {
    std::map<std::string_view, int> numbers;
    for (const auto code : all_error_codes()) {
        numbers[to_string(code)] = static_cast<int>(code);
    }
    // Other languages have these numbers compiled in. A new error takes a new number, in its group.
    CHECK(numbers == std::map<std::string_view, int>{{"timed_out", 1},
                                                     {"would_block", 2},
                                                     {"cancelled", 3},
                                                     {"would_deadlock", 4},
                                                     {"limit_differs", 5},
                                                     {"no_quorum", 20},
                                                     {"not_a_member", 21},
                                                     {"shutting_down", 22},
                                                     {"name_too_long", 40},
                                                     {"value_too_long", 41},
                                                     {"too_many_requests", 42},
                                                     {"bad_config", 60},
                                                     {"address_in_use", 61},
                                                     {"seeds_differ", 62},
                                                     {"times_differ", 63},
                                                     {"wrong_key", 64},
                                                     {"wrong_cluster", 65},
                                                     {"version_mismatch", 66},
                                                     {"ring_not_supported", 67},
                                                     {"io_error", 68},
                                                     {"clock_slewed", 69},
                                                     {"clock_wrong", 70},
                                                     {"two_clusters", 71},
                                                     {"lease_lost", 80},
                                                     {"evicted", 81},
                                                     {"broken", 82},
                                                     {"internal_error", 100},
                                                     {"out_of_memory", 101}});
}

TEST_CASE("every error has a name and says what to do") {
    std::set<std::string_view> names;
    for (const auto code : all_error_codes()) {
        CHECK(to_string(code) != "unknown");
        CHECK(explain(code).size() > 10);
        names.insert(to_string(code));
    }
    CHECK(names.size() == all_error_codes().size());
    CHECK(error{errc::timed_out, ""}.is_held() == held::no);
    CHECK(error{errc::lease_lost, ""}.is_held() == held::maybe);
    CHECK(error{errc::name_too_long, ""}.is_held() == held::refused);
}

namespace {

/// The names of the first `count` values of an enum, in order.
template <class Enum>
std::vector<std::string_view> names_of(int count) {
    std::vector<std::string_view> names;
    for (int i = 0; i < count; ++i) {
        names.push_back(to_string(static_cast<Enum>(i)));
    }
    return names;
}

}  // namespace

TEST_CASE("the values of public enums have the names that are documented") {
    using names = std::vector<std::string_view>;
    CHECK(names_of<stall_action>(4) == names{"report", "request_release", "break_hold", "unknown"});
    CHECK(names_of<break_stage>(7) ==
          names{"no_answer", "sent", "delivered", "needs_approval", "ended", "refused", "unknown"});
    CHECK(names_of<end_reason>(7) ==
          names{"none", "released", "expired", "died", "broken", "unknown", "unknown"});
    CHECK(names_of<admin_action>(5) ==
          names{"requested_release", "broke", "evicted", "fenced", "unknown"});
    CHECK(names_of<slot_state>(7) ==
          names{"no_answer", "moving", "receiving", "gathering", "unleased", "serving", "unknown"});
    CHECK(names_of<lock_mode::kind>(4) == names{"exclusive", "shared", "permit", "unknown"});
    CHECK(names_of<held>(4) == names{"no", "refused", "maybe", "unknown"});
    CHECK(to_string(lock_mode::permit(4)) == "1 of 4");
    CHECK(to_string(lock_mode::shared()) == "shared");
}
