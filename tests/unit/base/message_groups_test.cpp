#include "base/message_groups.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using namespace holdfast;

namespace {

struct hello {
    int by = 0;
};
struct bye {};
struct question {};
struct answer {};

using greeting = std::variant<hello, bye>;
using talk = std::variant<question, answer>;
using any = std::variant<greeting, talk>;

}  // namespace

TEST_CASE("messages in groups are counted and numbered in their order") {
    STATIC_REQUIRE(base::message_count<any> == 4);
    STATIC_REQUIRE(base::message_index_of<hello, any> == 0);
    STATIC_REQUIRE(base::message_index_of<answer, any> == 3);
    STATIC_REQUIRE(base::message_index_of<answer, talk> == 1);
    STATIC_REQUIRE(base::message_index_of<hello, talk> == base::message_count<talk>);
    CHECK(base::message_index(any{question{}}) == 2);
}

TEST_CASE("a message is found whatever group it stands in") {
    const any what = hello{7};
    REQUIRE(base::get_message_if<hello>(what) != nullptr);
    CHECK(base::get_message_if<hello>(what)->by == 7);
    CHECK(base::get_message_if<bye>(what) == nullptr);
    CHECK(base::holds_message<answer>(any{answer{}}));
    CHECK_FALSE(base::holds_message<question>(any{answer{}}));
}

TEST_CASE("each kind of message is visited once, in the order of the groups") {
    std::vector<std::size_t> seen;
    base::for_each_message<any>(
        [&]<class M>(std::in_place_type_t<M>) { seen.push_back(base::message_index_of<M, any>); });
    CHECK(seen == std::vector<std::size_t>{0, 1, 2, 3});
}
