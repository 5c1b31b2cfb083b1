// RECORD-1: the file of audit records, whole, torn, damaged, foreign, and on a full disk.
#include "peer/record_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "catch.hpp"
#include "os/unique_fd.hpp"
#include "temporary_folder.hpp"

using namespace holdfast;
using runtime::record_file;

namespace {

struct record_folder : test_support::temporary_folder {
    [[nodiscard]] std::string content(const std::string& name = "records") const {
        std::ifstream in{at(name), std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    void put(const std::string& content) const {
        std::ofstream{at("records"), std::ios::binary} << content;
    }
};

/// As a process that is started with the directory.
struct opened {
    explicit opened(const record_folder& f)
        : directory{open(f.path.c_str(), O_RDONLY | O_DIRECTORY)} {}

    os::unique_fd directory;
    record_file file{directory.get(), "dir"};
    runtime::found_records found = file.load();
};

audit_record made_record(std::uint64_t number) {
    audit_record out;
    out.by = {1, 2};
    out.number = number;
    out.at_ms = 1'800'000'000'000;
    out.name = "nightly";
    out.token = {77};
    out.who = "ann";
    out.why = "reason " + std::to_string(number);
    return out;
}

audit_history history(std::initializer_list<std::uint64_t> numbers, std::int64_t since = 5) {
    audit_history out{{}, since};
    for (const auto n : numbers) {
        out.records.push_back(made_record(n));
    }
    return out;
}

/// No file of this program can grow beyond that, as on a full disk.
struct largest_file {
    explicit largest_file(std::uint64_t bytes) {
        REQUIRE(getrlimit(RLIMIT_FSIZE, &former) == 0);
        auto wanted = former;
        wanted.rlim_cur = bytes;
        REQUIRE(setrlimit(RLIMIT_FSIZE, &wanted) == 0);
    }
    largest_file(const largest_file&) = delete;
    largest_file& operator=(const largest_file&) = delete;
    ~largest_file() {
        setrlimit(RLIMIT_FSIZE, &former);
        (void)std::signal(SIGXFSZ, handler);
    }

    void (*handler)(int) = std::signal(SIGXFSZ, SIG_IGN);
    rlimit former{};
};

/// A file with three records.
void fill(const record_folder& f) {
    opened o{f};
    REQUIRE(o.file.replace(history({1})));
    REQUIRE(o.file.append(history({2, 3}, 6)));
}

}  // namespace

TEST_CASE("RECORD-1: records that were written are found, and more are written behind them") {
    const record_folder f;
    {
        const opened first{f};
        CHECK_FALSE(first.found.is_intact);
        CHECK_FALSE(first.found.complaint);
        CHECK(first.found.what == audit_history{});
    }
    fill(f);
    {
        opened again{f};
        CHECK(again.found.is_intact);
        CHECK_FALSE(again.found.complaint);
        CHECK(again.found.what == history({1, 2, 3}, 6));
        REQUIRE(again.file.append(history({4}, 6)));
    }
    CHECK(opened{f}.found.what == history({1, 2, 3, 4}, 6));
}

TEST_CASE("RECORD-1: since when it is whole is written without a record, too") {
    const record_folder f;
    {
        opened o{f};
        REQUIRE(o.file.replace(history({}, 9)));
    }
    CHECK(opened{f}.found.what == history({}, 9));
}

TEST_CASE("RECORD-1: a record that was not written to its end is left out, and nothing else") {
    const record_folder f;
    fill(f);
    const auto whole = f.content();
    const auto cut = GENERATE(1u, 8u, 40u);
    f.put(whole.substr(0, whole.size() - cut));
    {
        opened o{f};
        CHECK(o.found.is_intact);
        CHECK(o.found.what == history({1, 2}, 6));
        REQUIRE(o.found.complaint);
        CHECK(o.found.complaint->text.find("not written to its end") != std::string::npos);
        REQUIRE(o.file.append(history({4}, 6)));
    }
    const opened again{f};
    CHECK(again.found.what == history({1, 2, 4}, 6));
    CHECK_FALSE(again.found.complaint);
}

TEST_CASE("RECORD-1: a part of what was appended does not say that more is whole than before") {
    const record_folder f;
    {
        opened o{f};
        REQUIRE(o.file.replace(history({1}, 5)));
    }
    {
        opened o{f};
        REQUIRE(o.file.append(history({2, 3}, 3)));
    }
    CHECK(opened{f}.found.what == history({1, 2, 3}, 3));
    const auto whole = f.content();
    f.put(whole.substr(0, whole.size() - 1));
    CHECK(opened{f}.found.what == history({1, 2}, 5));
    SECTION("and what is written behind it neither") {
        {
            opened o{f};
            REQUIRE(o.file.append(history({3, 4}, 3)));
        }
        CHECK(opened{f}.found.what == history({1, 2, 3, 4}, 3));
        const auto again = f.content();
        f.put(again.substr(0, again.size() - 1));
        CHECK(opened{f}.found.what == history({1, 2, 3}, 5));
    }
    SECTION("but that less is whole") {
        {
            opened o{f};
            REQUIRE(o.file.append(history({3, 4}, 9)));
        }
        const auto again = f.content();
        f.put(again.substr(0, again.size() - 1));
        CHECK(opened{f}.found.what == history({1, 2, 3}, 9));
    }
}

TEST_CASE("RECORD-1: behind damaged bytes whole records are found, and the file is set aside") {
    const record_folder f;
    fill(f);
    auto bytes = f.content();
    bytes[bytes.find("reason 2")] ^= 1;
    f.put(bytes);
    {
        opened o{f};
        CHECK_FALSE(o.found.is_intact);
        CHECK(o.found.what == history({1, 3}, 0));  // what is missing is not known
        REQUIRE(o.found.complaint);
        CHECK(f.content() == bytes);  // until it is replaced
        REQUIRE(o.file.replace(history({1, 3, 4}, 8)));
    }
    CHECK(f.content("records.damaged") == bytes);
    const opened again{f};
    CHECK(again.found.what == history({1, 3, 4}, 8));
    CHECK_FALSE(again.found.complaint);
}

TEST_CASE("RECORD-1: a file of another version, or of others, is set aside") {
    const record_folder f;
    const std::string bytes = GENERATE("holdfast records 2\nwhatever", "", "something else");
    f.put(bytes);
    {
        opened o{f};
        CHECK_FALSE(o.found.is_intact);
        CHECK(o.found.what == audit_history{});
        CHECK(o.found.complaint);
        REQUIRE(o.file.replace(history({1})));
    }
    CHECK(f.content("records.damaged") == bytes);
    CHECK(opened{f}.found.what == history({1}));
}

TEST_CASE("RECORD-1: what cannot be written leaves what was there, and is written later") {
    const record_folder f;
    fill(f);
    opened o{f};
    const auto before = f.content();
    std::filesystem::rename(f.at("records"), f.at("moved"));
    const auto failed = o.file.append(history({4}, 6));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::io_error);
    CHECK(failed.error().text.find("cannot open dir/records") != std::string::npos);
    CHECK(o.file.is_gone());
    std::filesystem::rename(f.at("moved"), f.at("records"));
    CHECK(f.content() == before);
    REQUIRE(o.file.append(history({4}, 6)));
    CHECK_FALSE(o.file.is_gone());
    CHECK(opened{f}.found.what == history({1, 2, 3, 4}, 6));
}

TEST_CASE("RECORD-1: of what can be written in part only, no part is left") {
    const record_folder f;
    fill(f);
    opened o{f};
    const auto before = f.content();
    const auto failed = [&] {
        const largest_file so_far{before.size() + 10};
        return o.file.append(history({4}, 6));
    }();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().text.find("cannot write dir/records") != std::string::npos);
    CHECK(f.content() == before);
    const auto none = [&] {
        const largest_file so_far{10};
        return o.file.replace(history({1, 2, 3, 4}, 6));
    }();
    REQUIRE_FALSE(none);
    CHECK(none.error().text.find("cannot write dir/records.new") != std::string::npos);
    CHECK(f.content() == before);
    CHECK_FALSE(std::filesystem::exists(f.at("records.new")));
    REQUIRE(o.file.append(history({4}, 6)));
    CHECK(opened{f}.found.what == history({1, 2, 3, 4}, 6));
}

TEST_CASE("RECORD-1: a link or a directory of that name is not read, and set aside") {
    const record_folder f;
    SECTION("a link") { std::filesystem::create_symlink("/etc/passwd", f.at("records")); }
    SECTION("a directory") { std::filesystem::create_directory(f.at("records")); }
    {
        opened o{f};
        CHECK(o.found.complaint);
        CHECK(o.found.what == audit_history{});
        REQUIRE(o.file.replace(history({1})));
    }
    const auto former = std::filesystem::symlink_status(f.at("records.damaged"));
    CHECK(former.type() != std::filesystem::file_type::regular);
    CHECK(std::filesystem::exists(former));
    CHECK(opened{f}.found.what == history({1}));
}
