#include <holdfast/printable.hpp>

#include "catch.hpp"

using namespace std::string_literals;
using holdfast::printable;
using holdfast::printable_json;

TEST_CASE("what a person can read stays as it is") {
    for (const auto* text :
         {"", "job 7", "C:\\dir", "\"quoted\"", "gr\u00fc\u00dfe", "\u6771\u4eac", "\U0001f512"}) {
        CHECK(printable(text) == text);
        CHECK(printable_json(text) == text);
    }
}

TEST_CASE("control characters are escaped, those of C1 too") {
    CHECK(printable("a\nb\r\tc") == "a\\nb\\r\\tc");
    CHECK(printable("\x1b[2J\x07\x7f") == "\\x1b[2J\\x07\\x7f");
    CHECK(printable("name\0hidden"s) == "name\\x00hidden");
    CHECK(printable("\u0080\u009b2J\u009f\u00a0") == "\\u0080\\u009b2J\\u009f\u00a0");
}

TEST_CASE("what separates lines or turns the direction of writing is escaped") {
    CHECK(printable("a\u2028b\u2029c") == "a\\u2028b\\u2029c");
    CHECK(printable("\u202egnp.exe\u202c \u2066x\u2069 \u200f") ==
          "\\u202egnp.exe\\u202c \\u2066x\\u2069 \\u200f");
}

TEST_CASE("bytes that are no UTF-8 are escaped one by one") {
    CHECK(printable("\x9b"s + "2J") == "\\x9b2J");  // CSI of a terminal of eight bits
    CHECK(printable("caf\xe9") == "caf\\xe9");
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // too long
    CHECK(printable("\xe0\x82\x9b") == "\\xe0\\x82\\x9b");  // too long, of U+009B
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // half a pair
    CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
    CHECK(printable("\xe2\x82") == "\\xe2\\x82");  // cut off
    CHECK(printable("\xc2\n") == "\\xc2\\n");
}

TEST_CASE("a text that is printable does not change, however often it is made so") {
    const auto once = printable("\x1b]0;owned\x07\n\x9b");
    CHECK(printable(once) == once);
}

TEST_CASE("JSON means the same, and has nothing that a terminal acts on") {
    CHECK(printable_json("{\"note\":\"\u009b2J\x7f\u202e\"}") ==
          "{\"note\":\"\\u009b2J\\u007f\\u202e\"}");
    CHECK(printable_json("{\"note\":\"\\u001b\\n\"}\n") == "{\"note\":\"\\u001b\\n\"}\n");
}
