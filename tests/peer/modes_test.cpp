// Shared locks, semaphores and what became of the holder before, as programs use them.
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "peers.hpp"

using namespace peers;

namespace {

lock_options as(lock_mode mode, std::optional<std::chrono::nanoseconds> wait = 10s) {
    lock_options how;
    how.mode = mode;
    how.wait = wait;
    return how;
}

}  // namespace

TEST_CASE("MODES: readers of several peers hold a lock together, a writer alone") {
    const auto& c = unharmed();
    auto first = c.peers[0].lock("a", as(lock_mode::shared()));
    auto second = c.peers[1].lock("a", as(lock_mode::shared()));
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->token() != second->token());
    const auto refused = c.peers[2].try_lock("a");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::would_block);
    CHECK(refused.error().text.find("and 1 more; 0 wait") != std::string::npos);
    CHECK(refused.error().text.find("held by " + c.peers[0].name()) != std::string::npos);
    (void)first->release();
    (void)second->release();
    const auto writer = c.peers[2].lock("a", as({}));
    REQUIRE(writer);
    CHECK(writer->token() > second->token());
    CHECK_FALSE(c.peers[0].try_lock("a", as(lock_mode::shared())));
}

TEST_CASE("MODES, LIMIT: a semaphore") {
    const auto& c = unharmed();
    auto first = c.peers[0].lock("s", as(lock_mode::permit(2)));
    auto second = c.peers[0].lock("s", as(lock_mode::permit(2)));
    REQUIRE(first);
    REQUIRE(second);
    CHECK_FALSE(c.peers[1].try_lock("s", as(lock_mode::permit(2))));
    const auto wrong = c.peers[1].lock("s", as(lock_mode::permit(3)));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == errc::limit_differs);
    CHECK(wrong.error().is_held() == held::refused);
    (void)first->release();
    CHECK(c.peers[1].lock("s", as(lock_mode::permit(2))));
    CHECK(second->is_valid());
}

TEST_CASE("a mode that cannot be is refused before any peer is asked") {
    const auto& c = unharmed();
    const auto none = c.peers[0].lock("s", as(lock_mode::permit(0)));
    REQUIRE_FALSE(none);
    CHECK(none.error().code == errc::bad_config);
}

TEST_CASE("shared_mutex is lockable as std::shared_timed_mutex is") {
    const auto& c = unharmed();
    shared_mutex here{c.peers[0], "m"};
    shared_mutex there{c.peers[1], "m"};
    {
        const std::shared_lock reading{here};
        CHECK(here.is_valid());
        CHECK(here.token().value > 0);
        CHECK_FALSE(here.try_lock_shared());  // this thread has it
        CHECK_THROWS_AS(here.lock(), lock_error);
        std::shared_lock beside{there, 10s};
        CHECK(beside.owns_lock());
        there.unlock();  // it reads: nothing happens
        CHECK(there.is_valid());
        shared_mutex third{c.peers[2], "m"};
        std::unique_lock writing{third, std::try_to_lock};
        CHECK_FALSE(writing.owns_lock());
    }
    holdfast::mutex other{c.peers[0], "n"};
    const std::scoped_lock both{here, other};
    CHECK(here.is_valid());
    std::thread elsewhere{[&] {
        CHECK_FALSE(here.try_lock_shared_for(50ms));
        CHECK_FALSE(there.try_lock_for(std::chrono::nanoseconds{0}));
    }};
    elsewhere.join();
}

TEST_CASE("FATE: the next holder is told of the one before, and finds its value") {
    three c;
    {
        auto first = c.peers[0].lock("a", {.wait = 10s, .note = "from here"});
        REQUIRE(first);
        CHECK(first->previous().is_clean());
        REQUIRE(first->set_value("41"));
        const auto too_long = first->set_value(std::string(5000, 'x'));
        REQUIRE_FALSE(too_long);
        CHECK(too_long.error().code == errc::value_too_long);
    }
    {
        const auto second = c.peers[1].lock("a", {.wait = 10s});
        REQUIRE(second);
        CHECK(second->previous().how == end_reason::released);
        CHECK(second->previous().value == "41");
        CHECK(second->previous().note == "from here");
        CHECK(second->previous().holder_name == c.peers[0].name());
    }
    // A peer that leaves with its holds has not released them.
    std::optional<hold> kept;
    {
        auto last = c.peers[2].lock("a", {.wait = 10s});
        REQUIRE(last);
        kept.emplace(std::move(*last));
    }
    REQUIRE(c.peers[2].leave());
    CHECK_FALSE(kept->is_valid());
    auto third = c.peers[0].lock("a", {.wait = 20s});
    REQUIRE(third);
    CHECK_FALSE(third->previous().is_clean());
    third->mark_consistent();
    REQUIRE(third->release());
    const auto fourth = c.peers[1].lock("a", {.wait = 10s});
    REQUIRE(fourth);
    CHECK(fourth->previous().how == end_reason::released);
}
