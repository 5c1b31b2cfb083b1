#include "os/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "os/unique_fd.hpp"
#include "temporary_folder.hpp"

using namespace holdfast;
using test_support::temporary_folder;

namespace {

std::string content_of(const std::string& path) {
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

mode_t mode_of(const std::string& path) {
    struct stat is {};
    REQUIRE(stat(path.c_str(), &is) == 0);
    return is.st_mode & 07777;
}

}  // namespace

TEST_CASE("a file is replaced as a whole, and keeps its permissions") {
    const temporary_folder f;
    const auto path = f.at("file"), fresh = f.at("file.new");
    CHECK_FALSE(os::write_durably(f.path, path, fresh, "first", 0600));
    CHECK(content_of(path) == "first");
    CHECK(mode_of(path) == 0600);
    REQUIRE(chmod(path.c_str(), 0640) == 0);
    const std::string large(1 << 20, 'x');
    CHECK_FALSE(os::write_durably(f.path, path, fresh, large, 0600));
    CHECK(content_of(path) == large);
    CHECK(mode_of(path) == 0640);
    CHECK_FALSE(std::filesystem::exists(fresh));
}

TEST_CASE("a new file that a crash has left is not in the way") {
    const temporary_folder f;
    std::ofstream{f.at("file.new")} << "half of i";
    CHECK_FALSE(os::replace_file(f.at("file"), f.at("file.new"), "it", 0600));
    CHECK(content_of(f.at("file")) == "it");
}

TEST_CASE("a failure names the step and the file, and leaves the former content") {
    const temporary_folder f;
    std::ofstream{f.at("file")} << "former";
    SECTION("something else has the name of the new file") {
        std::filesystem::create_directory(f.at("file.new"));
        const auto why = os::replace_file(f.at("file"), f.at("file.new"), "later", 0600);
        REQUIRE(why);
        CHECK(std::string{why->step} == "remove");
        CHECK(why->path == f.at("file.new"));
        CHECK(why->code == EISDIR);
    }
    SECTION("there is no such directory") {
        const auto why = os::replace_file(f.at("file"), f.at("none/file.new"), "later", 0600);
        REQUIRE(why);
        CHECK(std::string{why->step} == "create");
        CHECK(why->code == ENOENT);
    }
    SECTION("the directory to sync is none") {
        const auto why = os::sync_directory(f.at("none"));
        REQUIRE(why);
        CHECK(std::string{why->step} == "sync");
    }
    CHECK(content_of(f.at("file")) == "former");
}

TEST_CASE("in an open directory no link is followed, whatever its path leads to by now") {
    const temporary_folder f;
    std::filesystem::create_directory(f.at("d"));
    const os::unique_fd d{os::open_file(f.at("d"), O_RDONLY | O_DIRECTORY)};
    REQUIRE(d);
    std::ofstream{f.at("precious")} << "precious";
    std::filesystem::create_symlink(f.at("precious"), f.at("d/file"));
    std::filesystem::create_symlink(f.at("precious"), f.at("d/file.new"));
    CHECK(os::open_file_in(d.get(), "file", O_RDONLY) == -1);
    CHECK(errno == ELOOP);
    std::filesystem::rename(f.at("d"), f.at("moved"));
    CHECK_FALSE(os::write_durably_in(d.get(), "file", "file.new", "it", 0600));
    CHECK(content_of(f.at("moved/file")) == "it");
    CHECK(mode_of(f.at("moved/file")) == 0600);
    CHECK(content_of(f.at("precious")) == "precious");
    CHECK_FALSE(std::filesystem::exists(f.at("moved/file.new")));
}
