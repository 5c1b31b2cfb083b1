// The table of options by name: every option, as text, there and back.
#include <map>
#include <string>

#include <holdfast/config.hpp>

#include "catch.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

/// A text that is right for each kind of value, and not the default.
const std::map<std::string_view, std::string> sample{
    {"TEXT", "a"},        {"ADDRESS", "10.0.0.7:4653"},
    {"NAME", "b"},        {"ADDRESSES", "a:1,b:2,c:3"},
    {"KEY", "k"},         {"local|lan|wan", "wan"},
    {"FILE", "/f"},       {"allowed|never", "never"},
    {"N", "7"},           {"DIRECTORY", "/d"},
    {"POLICY", "none"},   {"DURATION", "1500ms"},
    {"NAMES", "ann,bob"}, {"FRACTION", "0.05"},
    {"", "true"},
};

}  // namespace

TEST_CASE("every option is set from text, and answers the text it was set from") {
    for (const auto& o : config::options()) {
        CAPTURE(std::string{o.name});
        REQUIRE(sample.contains(o.value));
        const auto& text = sample.at(o.value);
        config c;
        const auto before = c.text_of(o.name).value();
        CHECK(before != text);
        REQUIRE(c.set(o.name, text));
        CHECK(c.text_of(o.name).value() == text);
        // Setting one option changes no other.
        for (const auto& other : config::options()) {
            if (other.name != o.name) {
                CHECK(c.text_of(other.name).value() == config{}.text_of(other.name).value());
            }
        }
    }
}

TEST_CASE("options reach their fields") {
    config c;
    REQUIRE(c.set("seeds", "a:1,b:2,c:3"));
    CHECK(c.seeds == std::vector<std::string>{"a:1", "b:2", "c:3"});
    REQUIRE(c.set("state-dir", "/var/lib/holdfast"));  // as on a command line
    CHECK(c.state_dir == "/var/lib/holdfast");
    REQUIRE(c.set("lease", "2m"));
    CHECK(c.lease == 2min);
    REQUIRE(c.set("lease", ""));
    CHECK_FALSE(c.lease.has_value());
    REQUIRE(c.set("break_policy", "operators:2,waited:30s"));
    CHECK(c.break_policy == break_policy{.by_operators = true, .approvals = 2, .waited_for = 30s});
    CHECK(c.text_of("break_policy").value() == "operators:2,waited:30s");
    REQUIRE(c.set("watchdog", "yes"));
    CHECK(c.watchdog);
    REQUIRE(c.set("max_requests", "5"));
    CHECK(c.max_requests == 5);
}

TEST_CASE("a text of the wrong form is an error that names the option, and changes nothing") {
    const std::pair<const char*, const char*> wrong[]{
        {"weight", "many"},
        {"weight", "-1"},
        {"weight", "1.5"},
        {"weight", ""},
        {"clock_drift", "a lot"},
        {"profile", "huge"},
        {"bootstrap", "yes"},
        {"lease", "soon"},
        {"lease", "-1s"},
        {"lease", "1 s"},
        {"lease", "5d"},
        {"watchdog", "maybe"},
        {"seeds", "a:1,,b:2"},
        {"break_policy", "ann"},
        {"break_policy", "operators:0"},
        {"break_policy", "none,"},
        {"break_policy", "operators:300"},
    };
    for (const auto& [name, text] : wrong) {
        CAPTURE(name, text);
        config c;
        const auto done = c.set(name, text);
        REQUIRE_FALSE(done);
        CHECK(done.error().code == errc::bad_config);
        CHECK(done.error().text.starts_with(std::string{name} + ": "));
        CHECK(c.text_of(name).value() == config{}.text_of(name).value());
    }
    config c;
    CHECK(c.set("wait", "1s").error().code == errc::bad_config);
    CHECK(c.text_of("wait").error().code == errc::bad_config);
}

TEST_CASE("durations") {
    CHECK(parse_duration("10s").value() == 10s);
    CHECK(parse_duration("10").value() == 10s);
    CHECK(parse_duration("500ms").value() == 500ms);
    CHECK(parse_duration("1.5m").value() == 90s);
    CHECK(parse_duration("2h").value() == 2h);
    CHECK(parse_duration("0").value() == 0s);
    for (const auto* text : {"", "s", "ten", "1x", "-1s", "1e300h", "nan", "inf", "1s "}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text));
    }
}
