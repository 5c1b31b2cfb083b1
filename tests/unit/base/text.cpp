#include "catch.hpp"

#include <set>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
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

TEST_CASE("every error has a name and says what to do") {
    std::set<std::string_view> names;
    for (auto code = 1; code <= static_cast<int>(errc::internal_error); ++code) {
        CHECK(to_string(static_cast<errc>(code)) != "unknown");
        CHECK(explain(static_cast<errc>(code)).size() > 10);
        names.insert(to_string(static_cast<errc>(code)));
    }
    CHECK(names.size() == static_cast<std::size_t>(errc::internal_error));
    CHECK(error{errc::timed_out, ""}.is_held() == held::no);
    CHECK(error{errc::lease_lost, ""}.is_held() == held::maybe);
    CHECK(error{errc::name_too_long, ""}.is_held() == held::refused);
}
