// DISK-1: whose directory it is, and what is in it.
#include "peer/state_dir.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stop_token>
#include <string>
#include <thread>

#include "catch.hpp"
#include "temporary_folder.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using runtime::state_dir;
using test_support::temporary_folder;

namespace {

std::string content_of(const std::string& path) {
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

error why_not(const std::string& path) {
    const auto opened = state_dir::open(path, 0ms);
    REQUIRE_FALSE(opened);
    return opened.error();
}

}  // namespace

TEST_CASE("a directory is made for its owner alone, and keeps the last mark") {
    const temporary_folder f;
    const auto path = f.at("new");
    {
        const auto made = state_dir::open(path, 0ms);
        REQUIRE(made);
        struct stat is {};
        REQUIRE(stat(path.c_str(), &is) == 0);
        CHECK((is.st_mode & 07777) == 0700);
        CHECK(made->load() == epoch{});
        CHECK(made->store({5}));
        CHECK(made->store({7}));
        CHECK(made->load() == epoch{7});
    }
    const auto again = state_dir::open(path, 0ms);
    REQUIRE(again);
    CHECK(again->load() == epoch{7});
}

TEST_CASE("a directory may be made where its user cannot list what is there") {
    const temporary_folder f;
    REQUIRE(chmod(f.path.c_str(), 0300) == 0);
    CHECK(state_dir::open(f.at("new"), 0ms));
    REQUIRE(chmod(f.path.c_str(), 0700) == 0);
}

TEST_CASE("a directory that others can write to is refused") {
    const temporary_folder f;
    const auto mode = GENERATE(0770, 0707, 01777);
    REQUIRE(chmod(f.path.c_str(), static_cast<mode_t>(mode)) == 0);
    const auto why = why_not(f.path);
    CHECK(why.code == errc::bad_config);
    CHECK(why.text.find("chmod go-w " + f.path) != std::string::npos);
    // who can only read it does no harm
    REQUIRE(chmod(f.path.c_str(), 0755) == 0);
    CHECK(state_dir::open(f.path, 0ms));
}

TEST_CASE("a directory of another user is refused") {
    if (geteuid() != 0) {
        return;  // only root can give a directory away
    }
    const temporary_folder f;
    REQUIRE(chown(f.path.c_str(), 1, 1) == 0);
    CHECK(why_not(f.path).code == errc::bad_config);
}

TEST_CASE("a link is refused, and so is what is no directory") {
    const temporary_folder f;
    std::filesystem::create_directory(f.at("real"));
    std::filesystem::create_directory_symlink(f.at("real"), f.at("link"));
    CHECK(why_not(f.at("link")).code == errc::bad_config);
    std::ofstream{f.at("file")} << "x";
    CHECK(why_not(f.at("file")).code == errc::io_error);
    CHECK(why_not(f.at("none/below")).code == errc::io_error);
}

TEST_CASE("a directory that is in use is waited for") {
    const temporary_folder f;
    auto first = state_dir::open(f.path, 0ms);
    REQUIRE(first);
    const auto why = why_not(f.path);
    CHECK(why.code == errc::io_error);
    CHECK(why.text.find("another process uses") != std::string::npos);
    std::jthread other{[&] { CHECK(state_dir::open(f.path, 20s)); }};
    first = tl::unexpected<error>{error{}};  // it ends
    other.join();
}

TEST_CASE("no link in the directory is followed, and what was opened is what is used") {
    const temporary_folder f;
    const auto path = f.at("new");
    const auto mine = state_dir::open(path, 0ms);
    REQUIRE(mine);
    std::ofstream{f.at("precious")} << "precious";
    for (const auto* name : {"/epoch", "/epoch.new"}) {
        std::filesystem::create_symlink(f.at("precious"), path + name);
    }
    CHECK(mine->load().error().code == errc::io_error);
    CHECK(mine->store({7}));
    CHECK(content_of(f.at("precious")) == "precious");
    CHECK(mine->load() == epoch{7});
    // another directory comes to its path
    std::filesystem::rename(path, f.at("moved"));
    std::filesystem::create_directory(path);
    CHECK(mine->store({8}));
    CHECK_FALSE(std::filesystem::exists(path + "/epoch"));
    CHECK(content_of(f.at("moved/epoch")) == "holdfast epoch 1\n8\n");
}

TEST_CASE("a file that is no file of ours is for a person to look at") {
    const temporary_folder f;
    const auto mine = state_dir::open(f.path, 0ms);
    REQUIRE(mine);
    const auto* text = GENERATE("", "holdfast epoch 1\n", "holdfast epoch 1\n7", "7\n",
                                "holdfast epoch 1\n4294967296\n", "holdfast epoch 1\n7\n8\n");
    std::ofstream{f.at("epoch")} << text;
    CHECK(mine->load().error().code == errc::bad_config);
}
