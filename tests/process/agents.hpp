// Three agents on loopback, as a user starts them, and commands for them.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "child.hpp"
#include "free_ports.hpp"

namespace process_tests {

using namespace std::chrono_literals;
using nlohmann::json;
using test_support::child;
using test_support::steady;

inline const std::string tool = HOLDFAST_TOOL;

/// Asks until it is so; bounded. For facts of which no process tells.
inline bool until_it_is_so(const std::function<bool()>& is_so) {
    const auto until = steady::now() + 30s;
    while (!is_so()) {
        if (steady::now() > until) {
            return false;
        }
    }
    return true;
}

struct agents {
    std::vector<std::string> addresses = test_support::free_addresses(3);
    std::string seeds = addresses[0] + "," + addresses[1] + "," + addresses[2];
    std::filesystem::path folder = new_folder();
    std::vector<std::string> options;  // of each command
    std::list<child> all;

    static std::filesystem::path new_folder() {
        static int made = 0;
        return std::filesystem::temp_directory_path() /
               ("holdfast-tools-" + std::to_string(getpid()) + "-" + std::to_string(++made));
    }

    explicit agents(std::vector<std::string> of_each = {}) : options{std::move(of_each)} {
        std::filesystem::create_directories(folder);
        for (std::size_t i = 0; i < 3; ++i) {
            all.emplace_back(command({"agent", "--listen", addresses[i], "--name",
                                      "agent-" + std::to_string(i), "--control", control(i)}));
        }
        for (auto& a : all) {
            REQUIRE(a.expect("ready 127.0.0.1:"));
        }
    }
    ~agents() {
        all.clear();
        std::filesystem::remove_all(folder);
    }
    [[nodiscard]] std::string control(std::size_t i) const {
        return (folder / ("control-" + std::to_string(i))).string();
    }
    [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words) const {
        words.insert(words.begin(), tool);
        words.insert(words.begin() + 2, {"--seeds", seeds, "--profile", "local"});
        words.insert(words.begin() + 6, options.begin(), options.end());
        return words;
    }
    /// `holdfast run --lock LOCK ... -- CMD`, with a shell's words as CMD.
    [[nodiscard]] child run(const std::string& lock, const std::string& shell,
                            const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"run", "--lock", lock};
        words.insert(words.end(), more.begin(), more.end());
        words.insert(words.end(), {"--", "/bin/sh", "-c", shell});
        return child{command(words)};
    }
};

/// For the tests that time the end of a command against the lease: `run` keeps a tenth of it for
/// that, which is 500 ms, and not the 100 ms of `local` that a busy machine may take to run a
/// process.
constexpr auto long_lease = 5000ms;
inline std::vector<std::string> with_a_long_lease() { return {"--lease", "5s"}; }

/// For the tests that kill none of them: founding takes more than a second.
inline const agents& unharmed() {
    static const agents a;
    return a;
}

inline json first_line_of(child c, int expected_code = 0) {
    const auto l = c.expect("");
    REQUIRE(c.wait() == expected_code);
    return l ? json::parse(l->text, nullptr, false) : json{};
}

inline bool is_member(const agents& a, const std::string& name) {
    for (const auto& m :
         first_line_of(child{a.command({"members", "--json", "--control", a.control(0)})})) {
        if (m["peer"]["name"] == name && m["is_member"].get<bool>()) {
            return true;
        }
    }
    return false;
}

}  // namespace process_tests
