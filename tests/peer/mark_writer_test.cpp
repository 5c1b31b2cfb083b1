// The thread that writes to the state_dir, where one of the two files cannot be written (DISK-1).
#include "peer/mark_writer.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "temporary_folder.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

/// A writer, and what it has told.
class heard_writer {
    void hear(const result<epoch>& mark) {
        const std::lock_guard guard{mutex_};
        written_ = mark ? *mark : written_;
        changed_.notify_all();
    }
    void hear(const runtime::records_written& what) {
        const std::lock_guard guard{mutex_};
        records_.push_back(what);
        if (next) {
            writer.write(*std::exchange(next, std::nullopt));
        }
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<runtime::records_written> records_;
    epoch written_;

public:
    explicit heard_writer(const test_support::temporary_folder& f)
        : writer{runtime::state_dir::open(f.path, 0ms).value(),
                 {[this](const result<epoch>& mark) { hear(mark); },
                  [this](const runtime::records_written& what) { hear(what); }}} {
        writer.start();
    }

    [[nodiscard]] bool has_told_records(std::size_t times) {
        std::unique_lock guard{mutex_};
        return changed_.wait_for(guard, 20s, [&] { return records_.size() >= times; });
    }
    [[nodiscard]] bool has_written(epoch mark) {
        std::unique_lock guard{mutex_};
        return changed_.wait_for(guard, 20s, [&] { return written_ >= mark; });
    }
    [[nodiscard]] std::vector<runtime::records_written> records() {
        const std::lock_guard guard{mutex_};
        return records_;
    }

    std::optional<node::persist_records> next;  // written as soon as anything is told of records
    runtime::mark_writer writer;
};

node::persist_records made_write(std::uint64_t peer, std::uint64_t number, bool is_all) {
    audit_record what;
    what.by = {0, peer};
    what.number = number;
    return {{0, peer}, number, is_all, {{what}, 5}};
}

}  // namespace

TEST_CASE("DISK-1: a mark does not wait because audit records cannot be written") {
    const test_support::temporary_folder f;
    std::filesystem::create_directory(f.at("records"));  // no file takes its place
    heard_writer w{f};
    w.writer.write(made_write(1, 1, true));
    REQUIRE(w.has_told_records(1));
    REQUIRE(w.records()[0].failure);
    const auto begun = std::chrono::steady_clock::now();
    for (std::uint32_t n = 1; n <= 5; ++n) {
        w.writer.write(epoch{n});
        REQUIRE(w.has_written({n}));
    }
    // the records have failed in between, four times at least, each followed by a pause of 1 s
    CHECK(std::chrono::steady_clock::now() - begun < 4s);
    CHECK(w.records().size() == 1);  // that is told once
}

TEST_CASE(
    "RECORD-1: what the next PeerId has takes the place of what the one before could not write") {
    const test_support::temporary_folder f;
    std::filesystem::create_directory(f.at("records"));
    {
        heard_writer w{f};
        w.next = made_write(2, 1, true);
        w.writer.write(made_write(1, 1, false));
        REQUIRE(w.has_told_records(2));
        // what fails is not told again, whatever is written in between
        w.writer.write(epoch{1});
        REQUIRE(w.has_written({1}));
        w.writer.write(epoch{2});
        REQUIRE(w.has_written({2}));
        CHECK(w.records().size() == 2);
        w.writer.write(made_write(3, 1, true));
        REQUIRE(w.has_told_records(3));
        std::filesystem::remove(f.at("records"));
        REQUIRE(w.has_told_records(4));
        w.writer.stop();
        const auto told = w.records();
        REQUIRE(told.size() == 4);
        for (std::uint64_t n = 1; n <= 3; ++n) {
            CHECK(told[n - 1].by == peer_id{0, n});
            CHECK(told[n - 1].is == node::write_outcome::failed);
        }
        CHECK(told[3].by == peer_id{0, 3});
        CHECK(told[3].is == node::write_outcome::done);
    }
    auto again = runtime::state_dir::open(f.path, 0ms);
    REQUIRE(again);
    CHECK(again->load() == epoch{2});
    CHECK(again->records().load().what == made_write(3, 1, true).what);
}

TEST_CASE("RECORD-1: that the file of the audit records is gone is told, also after a failure") {
    const test_support::temporary_folder f;
    heard_writer w{f};
    w.writer.write(made_write(1, 1, true));
    REQUIRE(w.has_told_records(1));
    CHECK(w.records()[0].is == node::write_outcome::done);
    std::filesystem::rename(f.at("records"), f.at("moved"));
    std::filesystem::create_directory(f.at("records"));
    w.writer.write(made_write(1, 2, false));
    REQUIRE(w.has_told_records(2));
    CHECK(w.records()[1].is == node::write_outcome::failed);
    std::filesystem::remove(f.at("records"));
    REQUIRE(w.has_told_records(3));
    CHECK(w.records()[2].is == node::write_outcome::gone);
    CHECK(w.records()[2].failure);
    w.writer.write(made_write(1, 3, true));
    REQUIRE(w.has_told_records(4));
    CHECK(w.records()[3].is == node::write_outcome::done);
    CHECK(w.records()[3].number == 3);
}
