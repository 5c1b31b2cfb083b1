#include "os/unique_fd.hpp"

#include <fcntl.h>

#include <utility>

#include "catch.hpp"

using holdfast::os::unique_fd;

namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("a descriptor is closed with its owner, and by the last of those it was moved to") {
    const int fd = open_null();
    REQUIRE(is_open(fd));
    {
        unique_fd first{fd};
        unique_fd second{std::move(first)};
        CHECK_FALSE(first);
        CHECK(second.get() == fd);
        first.reset();
        CHECK(is_open(fd));
    }
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("assigning to an owner closes what it had") {
    const int former = open_null();
    const int later = open_null();
    unique_fd owner{former};
    owner = unique_fd{later};
    CHECK_FALSE(is_open(former));
    CHECK(is_open(later));
    CHECK(owner.get() == later);
}
