// The manual page and the completions, against what the program itself says of its commands, and in
// real shells.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "child.hpp"

using namespace std::chrono_literals;
using test_support::child;

namespace {

const std::string tool = HOLDFAST_TOOL;

std::vector<std::string> lines_of(const std::vector<std::string>& command, int expected_code = 0) {
    child c{command};
    REQUIRE(c.output_ends(20s));
    CHECK(c.wait() == expected_code);
    std::vector<std::string> out;
    for (auto& line : c.all_unread()) {
        out.push_back(line.text);
    }
    return out;
}

std::string text_of(const std::vector<std::string>& command) {
    std::string out;
    for (const auto& line : lines_of(command)) {
        out += line + "\n";
    }
    return out;
}

/// Names at the beginning of the lines of a help text that match, with what they match: an option,
/// or a command.
std::set<std::string> found_in(const std::string& text, const std::regex& what) {
    std::set<std::string> out;
    for (std::sregex_iterator one{text.begin(), text.end(), what}; one != std::sregex_iterator{};
         ++one) {
        out.insert((*one)[1]);
    }
    return out;
}

std::set<std::string> commands() {
    const auto help = text_of({tool, "--help"});
    return found_in(help.substr(help.find("Subcommands:")), std::regex{"\n  ([a-z-]+) "});
}

/// What `holdfast generate` makes, in a file of its own.
struct generated {
    std::filesystem::path path;

    explicit generated(const std::string& what)
        : path{std::filesystem::temp_directory_path() /
               ("holdfast-" + what + "-" + std::to_string(getpid()))} {
        std::ofstream{path} << text_of({tool, "generate", what});
    }
    ~generated() { std::filesystem::remove(path); }
    generated(const generated&) = delete;
    generated& operator=(const generated&) = delete;
};

/// The path of a program, or nothing and a word about it.
std::string installed(const std::string& program) {
    for (const auto* folder : {"/usr/bin/", "/bin/", "/usr/local/bin/"}) {
        if (access((folder + program).c_str(), X_OK) == 0) {
            return folder + program;
        }
    }
    WARN(program << " is not installed; not tried with it");
    return {};
}

}  // namespace

TEST_CASE("the manual page has every command, option, variable and allowed value", "[process]") {
    auto page =
        std::regex_replace(text_of({tool, "generate", "man"}), std::regex{R"(\\f[BIR]|\\%)"}, "");
    page = std::regex_replace(page, std::regex{R"(\\-)"}, "-");
    const auto all = commands();
    for (const auto* known : {"agent", "run", "members", "view", "owner", "watch"}) {
        CHECK(all.contains(known));
    }
    CHECK_FALSE(all.contains("generate"));
    for (const auto& command : all) {
        CAPTURE(command);
        const auto begin = page.find("\n.SS holdfast " + command + " ");
        REQUIRE(begin != std::string::npos);
        const auto own = page.substr(begin, page.find("\n.S", begin + 1) - begin);
        const auto shared = page.substr(page.find("\n.SH OPTIONS"));
        const auto help = text_of({tool, command, "--help"});
        const auto options = found_in(help, std::regex{"(--[a-z-]+)"});
        CHECK(options.size() >= 10);
        for (const auto& option : options) {
            CAPTURE(option);
            const std::regex entry{R"(\n\.TP\n(-h, )?)" + option + R"([ \n])"};
            // in one place
            CHECK(std::regex_search(own, entry) != std::regex_search(shared, entry));
        }
        for (const auto& name : found_in(help, std::regex{"(HOLDFAST_[A-Z_]+)"})) {
            CAPTURE(name);
            CHECK(shared.find("\nEnvironment: " + name + ".\n") != std::string::npos);
        }
        for (const auto& name : found_in(help, std::regex{R"(\n  ([A-Z]+) )"})) {
            CAPTURE(name);
            CHECK(own.find("\n.TP\n" + name + "\n") != std::string::npos);
        }
    }
    CHECK(page.find("\nOne of local, lan, wan.\nDefault: lan.\n") != std::string::npos);
    CHECK(page.find("\n.TP\n76\nthe lock was lost while the command ran\n") != std::string::npos);
}

TEST_CASE("the manual page is sound", "[process]") {
    const generated page{"man"};
    if (const auto groff = installed("groff"); !groff.empty()) {
        CHECK(lines_of({"/bin/sh", "-c",
                        groff + " -man -Tutf8 -ww " + page.path.string() + " 2>&1 >/dev/null"})
                  .empty());
    }
    if (const auto mandoc = installed("mandoc"); !mandoc.empty()) {
        child lint{{mandoc, "-Tlint", "-Wwarning", page.path.string()}};
        REQUIRE(lint.output_ends(20s));
        for (const auto& line : lint.all_unread()) {
            // it belongs to a version, not to a day
            CHECK(line.text.find("missing date") != std::string::npos);
        }
    }
}

TEST_CASE("the completion of bash", "[process]") {
    const auto bash = installed("bash");
    if (bash.empty()) {
        return;
    }
    const generated script{"bash"};
    const auto complete = [&](const std::vector<std::string>& words) {
        std::vector<std::string> command{
            bash, "-c",
            R"(source "$0"; COMP_WORDS=(holdfast "$@"); COMP_CWORD=$#; _holdfast 2>/dev/null
               [ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}")",
            script.path.string()};
        command.insert(command.end(), words.begin(), words.end());
        auto out = lines_of(command);
        std::sort(out.begin(), out.end());
        return out;
    };
    using words = std::vector<std::string>;
    CHECK(complete({"ru"}) == words{"run"});
    CHECK(complete({"run", "--lo"}) == words{"--lock", "--lock-delay"});
    CHECK(complete({"run", "--profile", ""}) == words{"lan", "local", "wan"});
    CHECK(complete({"run", "--profile", "lo"}) == words{"local"});
    CHECK(complete({"run", "--profile", "="}) == words{"lan", "local", "wan"});
    CHECK(complete({"run", "--profile", "=", "w"}) == words{"wan"});
    CHECK(complete({"members", "--insecure", "--js"}) == words{"--json"});
    CHECK(complete({"run", "--js"}).empty());
    CHECK(complete({"run", "--lock", ""}).empty());
    CHECK(complete({"--ver"}) == words{"--version"});
    CHECK(complete({"gener"}).empty());
    CHECK(complete({"view", "--key-file",
                    script.path.string().substr(0, script.path.string().size() - 1)}) ==
          words{script.path.string()});
    const auto of_command = complete({"run", "--lock", "job", "--", "bas"});
    CHECK(std::find(of_command.begin(), of_command.end(), "bash") != of_command.end());
    CHECK(complete({"run", "--lock", "job", "--", "cat", script.path.string()}) ==
          words{script.path.string()});
    const auto top = complete({""});
    for (const auto& command : commands()) {
        CAPTURE(command);
        CHECK(std::find(top.begin(), top.end(), command) != top.end());
        const auto options = complete({command, "-"});
        for (const auto& option :
             found_in(text_of({tool, command, "--help"}), std::regex{"(--[a-z-]+)"})) {
            CAPTURE(option);
            CHECK(std::find(options.begin(), options.end(), option) != options.end());
        }
    }
}

TEST_CASE("the completions of zsh and fish can be read by them", "[process]") {
    for (const std::string shell : {"zsh", "fish"}) {
        if (const auto program = installed(shell); !program.empty()) {
            const generated script{shell};
            CHECK(lines_of({program, "-n", script.path.string()}).empty());
        }
    }
}
