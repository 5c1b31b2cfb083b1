// DISK-1 with real processes: the disks of all seats are slow, or full. No lease is lost for it.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "agents.hpp"
#include "os/unique_fd.hpp"
#include "temporary_folder.hpp"

using namespace process_tests;

namespace {

/// Three seats, each with a state_dir below `disks`, and a command that holds a lock.
struct seats {
    std::vector<std::string> addresses = test_support::free_addresses(3);
    std::string seeds = addresses[0] + "," + addresses[1] + "," + addresses[2];
    std::filesystem::path disks;
    std::list<child> all;

    seats(std::filesystem::path on, const std::vector<std::string>& prefix) : disks{std::move(on)} {
        for (std::size_t i = 0; i < 3; ++i) {
            auto words = prefix;
            words.insert(words.end(), {"/bin/sh", "-c", "exec \"$0\" \"$@\" 2>&1"});
            for (auto& w : command({"agent", "--listen", addresses[i], "--state-dir",
                                    disks / std::to_string(i)})) {
                words.push_back(std::move(w));
            }
            all.emplace_back(words);
        }
        for (auto& a : all) {
            REQUIRE(a.expect("ready 127.0.0.1:", 40s));
        }
    }
    [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words) const {
        words.insert(words.begin(), tool);
        words.insert(words.begin() + 2, {"--seeds", seeds, "--profile", "local"});
        return words;
    }
    [[nodiscard]] child run(const std::string& lock, const std::string& shell) const {
        return child{command({"run", "--lock", lock, "--", "/bin/sh", "-c", shell})};
    }
    /// Members come and go, which takes views; a hold lives through them.
    void let_members_come_and_go() {
        auto holder = run("job", "echo held; read line; echo still here");
        REQUIRE(holder.expect("held", 40s));
        for (int i = 0; i < 3; ++i) {
            auto other = run("other " + std::to_string(i), "echo came");
            REQUIRE(other.expect("came", 40s));
            CHECK(other.wait() == 0);
        }
        holder.say("go on");
        CHECK(holder.expect("still here"));
        CHECK(holder.wait() == 0);
        for (auto& a : all) {
            for (const auto& l : a.all_unread()) {
                CHECK(l.text != "holdfast: lease lost");
            }
        }
    }
};

/// A small disk, which no other process sees, and which goes with the test.
struct small_disk : test_support::temporary_folder {
    small_disk() {
        is_there = unshare(CLONE_NEWNS) == 0 &&
                   mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                   mount("none", path.c_str(), "tmpfs", 0, "size=64k,nr_inodes=64") == 0;
    }
    ~small_disk() {
        if (is_there) {
            umount2(path.c_str(), MNT_DETACH);
        }
    }
    void fill() const {
        const holdfast::os::unique_fd junk{
            open((path + "/junk").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
        REQUIRE(junk);
        constexpr std::array<char, 512> bytes{};
        while (write(junk.get(), bytes.data(), bytes.size()) > 0) {
        }
        CHECK(errno == ENOSPC);
    }

    bool is_there = false;
};

}  // namespace

TEST_CASE("a sync that takes two leases holds a founding back, and costs no lease") {
    const test_support::temporary_folder f;
    // The address sanitizer would have no library come before its own.
    const char* of_asan = std::getenv("ASAN_OPTIONS");
    seats s{f.path,
            {"/usr/bin/env", std::string{"LD_PRELOAD="} + HOLDFAST_SLOW_FSYNC, "SLOW_FSYNC_MS=1000",
             "ASAN_OPTIONS=" + std::string{of_asan != nullptr ? of_asan : ""} +
                 ":verify_asan_link_order=0"}};
    s.let_members_come_and_go();
}

TEST_CASE("full disks at all seats cost nothing for an hour") {
    const small_disk disk;
    if (!disk.is_there) {
        return;  // only root may mount
    }
    seats s{disk.path, {"/usr/bin/env"}};
    disk.fill();
    s.let_members_come_and_go();
    std::filesystem::remove(disk.path + "/junk");
}

TEST_CASE("RECORD-1: all seats are killed at once, and what operators did is read after that") {
    const test_support::temporary_folder f;
    const auto addresses = test_support::free_addresses(3);
    const auto seeds = addresses[0] + "," + addresses[1] + "," + addresses[2];
    const auto control = [&](std::size_t i) { return f.path + "/control-" + std::to_string(i); };
    std::list<child> all;
    const auto start = [&] {
        for (std::size_t i = 0; i < 3; ++i) {
            all.emplace_back(std::vector<std::string>{
                tool, "agent", "--seeds", seeds, "--profile", "local", "--listen", addresses[i],
                "--control", control(i), "--state-dir", f.path + "/" + std::to_string(i)});
        }
        for (auto& a : all) {
            REQUIRE(a.expect("ready 127.0.0.1:", 40s));
        }
    };
    const auto told = [&](std::vector<std::string> words) {
        words.insert(words.begin(), tool);
        words.insert(words.end(), {"--json", "--control", control(0)});
        return first_line_of(child{words});
    };
    start();
    child holder{{tool, "run", "--seeds", seeds, "--profile", "local", "--lock", "nightly", "--",
                  "/bin/sh", "-c", "echo held; sleep 600"}};
    REQUIRE(holder.expect("held", 40s));
    CHECK(told({"break", "nightly", "--operator", "ann", "--reason", "it hangs"})["stage"] ==
          "ended");
    const auto before = told({"audit-log"});
    REQUIRE(before["records"].size() == 1);
    for (auto& a : all) {
        a.kill(SIGKILL);
    }
    for (auto& a : all) {
        CHECK(a.wait() == -SIGKILL);
    }
    all.clear();
    start();
    const auto after = told({"audit-log"});
    CHECK(after["records"] == before["records"]);
    // and it says that it is whole since before the restart
    CHECK(after["whole_since_ms"].get<std::int64_t>() <=
          after["records"][0]["at_ms"].get<std::int64_t>());
    CHECK(holder.wait() == 76);
}
