// DISK-1: what waits for the disk, and what does not.
#include "lone.hpp"

using namespace view_test;

namespace {

struct lone_with_a_disk : lone {
    lone_with_a_disk() { settings.keeps_epochs = true; }

    /// In view 2, whose epoch is 101, with a mark; views may run ahead of the clock.
    void start_with_a_mark() {
        start_in_view_2();
        is_written({3701});
        now += 2s;
        forget();
    }
    void is_written(epoch mark) {
        mine->persisted(mark, moment());
        drain();
    }
    [[nodiscard]] change beyond_the_mark() const {
        auto c = next_change();
        c.epoch = {3702};
        return c;
    }
    [[nodiscard]] std::vector<epoch> marks() const {
        std::vector<epoch> out;
        for (const auto& p : told<persist>()) {
            out.push_back(p.mark);
        }
        return out;
    }
};

const ballot low{1, 1, peer(2)}, high{2, 2, peer(3)};

founding_value founded_by_three() {
    founding_value value{{1, 1}, {1061}, 16, {}};
    for (std::uint8_t s = 0; s < 3; ++s) {
        value.founders.push_back({made_up::member(s + 1u), s});
    }
    return value;
}

}  // namespace

TEST_CASE_METHOD(lone_with_a_disk,
                 "who comes to fill a seat acks nobody before the disk has the epoch") {
    start();
    receive(2, start_of_all());
    REQUIRE(mine->current());
    CHECK(marks() == std::vector{epoch{3701}});
    CHECK(mine->blocks_lease_of(peer(4)));
    CHECK(mine->blocks_lease_of(peer(1)));
    is_written({3701});
    CHECK_FALSE(mine->blocks_lease_of(peer(4)));
    // It stays so while the seats do, whatever the disk does.
    receive(2, steps{{{next_change(), {}}}});
    REQUIRE(mine->current()->number == third);
    CHECK_FALSE(mine->blocks_lease_of(peer(4)));
}

TEST_CASE_METHOD(lone_with_a_disk, "below the mark an accept waits for nothing") {
    start_with_a_mark();
    receive(2, accept{third, low, next_change()});
    CHECK(said<accepted>().size() == 1);
    CHECK(marks().empty());
}

TEST_CASE_METHOD(lone_with_a_disk, "beyond the mark an accept waits, and nothing else does") {
    start_with_a_mark();
    receive(2, accept{third, low, beyond_the_mark()});
    CHECK(said<accepted>().empty());
    CHECK(marks() == std::vector{epoch{4600}});
    CHECK_FALSE(mine->blocks_lease_of(peer(4)));  // leases go on
    SECTION("until it is written") {
        is_written({4600});
        REQUIRE(said<accepted>().size() == 1);
        CHECK(said<accepted>()[0].ballot == low);
    }
    SECTION("not long enough a mark is not enough") {
        is_written({3701});
        CHECK(said<accepted>().empty());
    }
    SECTION("a later ballot takes its place") {
        receive(3, accept{third, high, beyond_the_mark()});
        receive(2, accept{third, low, beyond_the_mark()});  // late
        is_written({4600});
        REQUIRE(said<accepted>().size() == 1);
        CHECK(said<accepted>()[0].ballot == high);
    }
    SECTION("what was promised meanwhile counts") {
        receive(3, prepare{third, high});
        is_written({4600});
        CHECK(said<accepted>().empty());
        CHECK(said<rejected>().size() == 1);
    }
    SECTION("the view is chosen without this voter") {
        receive(2, steps{{{beyond_the_mark(), {}}}});
        REQUIRE(mine->current()->number == third);
        is_written({4600});
        CHECK(said<accepted>().empty());
        CHECK(said<rejected>().empty());
    }
    CHECK(marks() == std::vector{epoch{4600}});
}

TEST_CASE_METHOD(lone_with_a_disk, "a disk that does not write is complained of") {
    start_with_a_mark();
    receive(2, accept{third, low, beyond_the_mark()});
    for (int i = 0; i < 1000 && told<problem>().empty(); ++i) {
        now = *mine->deadline();
        tick();
    }
    REQUIRE(told<problem>().size() == 1);
    CHECK(told<problem>()[0].why == errc::io_error);
    CHECK(told<problem>()[0].text.find("state_dir") != std::string::npos);
    CHECK(said<accepted>().empty());
}

TEST_CASE_METHOD(lone_with_a_disk, "a mark is written beside, before any accept waits for it") {
    start_with_a_mark();
    auto c = next_change();
    c.epoch = {1901};  // half-way from 101, by a clock that is as far
    receive(2, steps{{{c, {}}}});
    REQUIRE(mine->current()->epoch == c.epoch);
    CHECK(
        marks().empty());  // the clock of this peer says 1000: an hour past it is the present mark
    mine->tick({now + 1s, 1901});
    drain();
    CHECK(marks() == std::vector{epoch{5501}});
}

TEST_CASE_METHOD(lone_with_a_disk, "the accept of a founding waits for the disk") {
    start();
    const auto value = founded_by_three();
    receive(2, found_accept{low, value}, 0);
    CHECK(said<found_accepted>().empty());
    CHECK(marks() == std::vector{epoch{4600}});
    // and until then it has not been accepted
    receive(3, found_prepare{high, seeds, {settings.lease, settings.drift_ppm()}}, 0);
    REQUIRE(said<found_promise>().size() == 1);
    CHECK_FALSE(said<found_promise>()[0].accepted);
    receive(3, found_accept{high, value}, 0);
    is_written({4600});
    REQUIRE(said<found_accepted>().size() == 1);
    CHECK(said<found_accepted>()[0].ballot == high);
    CHECK(marks().size() == 1);
}

TEST_CASE_METHOD(lone_with_a_disk, "FOUND-9: a mark that was written in this life is not named") {
    start();
    const auto value = founded_by_three();
    receive(2, found_accept{low, value}, 0);
    is_written({4600});
    receive(3, found_prepare{high, seeds, {settings.lease, settings.drift_ppm()}}, 0);
    REQUIRE(said<found_promise>().size() == 1);
    CHECK(said<found_promise>()[0].accepted);
    CHECK(said<found_promise>()[0].highest == epoch{});
    CHECK(mine->epochs().agreed() == epoch{1061});
    CHECK(mine->to_remember() == base::remembered_epochs{{1061}, {1061}, {4600}});
}
