#include "node/lost_streams.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::at;
using made_up::peer;
using namespace std::chrono_literals;

namespace {

struct lost_streams_fixture {
    base::settings settings = [] {
        base::settings s;
        s.retry = 50ms;
        return s;
    }();
    node::lost_streams mine{settings};
};

}  // namespace

TEST_CASE_METHOD(lost_streams_fixture,
                 "LOAD-4: a stream that is lost again soon counts after the least pause, once") {
    CHECK(mine.lost(peer(1), at(1s)));
    CHECK_FALSE(mine.deadline());
    CHECK_FALSE(mine.lost(peer(1), at(1010ms)));
    CHECK_FALSE(mine.lost(peer(1), at(1020ms)));
    CHECK(mine.lost(peer(2), at(1020ms)));
    CHECK(mine.deadline() == at(1050ms));
    CHECK(mine.due(at(1049ms)).empty());
    CHECK(mine.due(at(1050ms)) == std::vector{peer(1)});
    CHECK_FALSE(mine.deadline());
    CHECK_FALSE(mine.lost(peer(1), at(1060ms)));
    CHECK(mine.deadline() == at(1100ms));
    SECTION("it is due, and is lost once more") {
        CHECK(mine.lost(peer(1), at(1100ms)));
        CHECK_FALSE(mine.deadline());
    }
    SECTION("its peer is no member any more") {
        mine.installed(made_up::first_view(3));
        CHECK(mine.deadline());
        auto without = made_up::first_view(3);
        std::erase_if(without.members, [](const member& m) { return m.id == peer(1); });
        mine.installed(without);
        CHECK_FALSE(mine.deadline());
        CHECK(mine.due(at(2s)).empty());
    }
}
