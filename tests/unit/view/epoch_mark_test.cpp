#include "view/epoch_mark.hpp"

#include <limits>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace holdfast::views;
using namespace std::chrono_literals;
using made_up::at;

namespace {

struct marked {
    base::settings settings = [] {
        base::settings s;
        s.keeps_epochs = true;
        return s;
    }();
    base::time_point now = at(0s);

    [[nodiscard]] base::moment moment(std::int64_t wall_s) const { return {now, wall_s}; }
};

}  // namespace

TEST_CASE_METHOD(marked, "DISK-1: a mark is an hour ahead, by the lower of epoch and wall clock") {
    epoch_mark fresh{settings};
    CHECK_FALSE(fresh.covers({1}));
    SECTION("the clock is ahead of the epoch") {
        CHECK(fresh.wants({10'000}, moment(1'000'000)) == epoch{13'600});
    }
    SECTION("the epoch is ahead of the clock") {
        CHECK(fresh.wants({10'000}, moment(9'000)) == epoch{12'600});
    }
    SECTION("the epoch is further ahead than an hour") {
        CHECK(fresh.wants({10'000}, moment(0)) == epoch{10'000});
        CHECK(epoch_mark{settings}.wants({10'000}, moment(-1'000'000)) == epoch{10'000});
    }
    SECTION("the end of all epochs") {
        constexpr auto last = std::numeric_limits<std::uint32_t>::max();
        CHECK(fresh.wants({last}, moment(std::numeric_limits<std::int64_t>::max() / 2)) ==
              epoch{last});
    }
}

TEST_CASE_METHOD(marked, "DISK-1: a mark is written again from half-way on, and never lowered") {
    settings.epochs.written = {13'600};
    epoch_mark m{settings};
    CHECK(m.covers({13'600}));
    CHECK_FALSE(m.covers({13'601}));
    CHECK_FALSE(m.wants({11'799}, moment(1'000'000)));
    CHECK(m.wants({11'800}, moment(1'000'000)) == epoch{15'400});
    CHECK_FALSE(m.covers({13'601}));  // it is not there yet
    CHECK_FALSE(m.wants({11'900}, moment(1'000'000)));
    m.written({15'400});
    CHECK(m.covers({15'400}));
    m.written({13'600});  // late news
    CHECK(m.covers({15'400}));
    CHECK(m.wants({15'401}, moment(0)) == epoch{15'401});
}

TEST_CASE_METHOD(marked, "DISK-1: a write that takes long is complained of, once in a minute") {
    epoch_mark m{settings};
    CHECK_FALSE(m.deadline());
    REQUIRE(m.wants({10'000}, moment(0)));
    REQUIRE(m.deadline() == now + settings.lease);
    CHECK_FALSE(m.must_complain(now));
    now += settings.lease;
    CHECK(m.must_complain(now));
    CHECK_FALSE(m.must_complain(now));
    REQUIRE(m.wants({10'001}, moment(0)));  // the same disk
    CHECK(m.deadline() == now + 1min);
    now += 1min;
    CHECK(m.must_complain(now));
    m.written({10'001});
    CHECK_FALSE(m.must_complain(now + 1h));
    CHECK_FALSE(m.deadline());
}

TEST_CASE_METHOD(marked, "without a state_dir nothing is written, and nothing waits") {
    settings.keeps_epochs = false;
    epoch_mark m{settings};
    CHECK_FALSE(m.wants({10'000}, moment(0)));
    CHECK(m.covers({10'000}));
    CHECK_FALSE(m.deadline());
}
