// The header of http_gate, and the statuses, without a server.
#include <cstdint>
#include <string>

#include <holdfast/http_gate.hpp>

#include "catch.hpp"
#include "same_as_gate.hpp"

using holdfast::http_gate;
using holdfast::http_token;

TEST_CASE("a token as a header", "[http]") {
    CHECK(http_token{"orders/42", {193272115200001}}.text() ==
          R"("orders/42";token="193272115200001")");
    CHECK(http_token{"a b", {INT64_MAX}, holdfast::access::shared}.text() ==
          R"("a b";token="9223372036854775807";shared)");
    CHECK(http_token{"\"\\%\n\xff", {1}}.text() == R"("%22%5C%25%0A%FF";token="1")");
}

TEST_CASE("whatever was written is read again", "[http]") {
    std::string every_byte;
    for (int c = 0; c < 256; ++c) {
        every_byte += static_cast<char>(c);
        for (const auto how : {holdfast::access::exclusive, holdfast::access::shared}) {
            for (const auto& lock : {every_byte, std::string(1, static_cast<char>(c))}) {
                const http_token t{lock, {INT64_MAX - c}, how};
                CHECK(http_token::parse(t.text()) == t);
            }
        }
    }
    CHECK(http_token::parse(http_token{R"(";token=")", {7}}.text())->lock == R"(";token=")");
}

TEST_CASE("whatever is written otherwise is not read", "[http]") {
    for (const auto* bad : {R"()",
                            R"(")",
                            R"(7)",
                            R"("a")",
                            R"(a;token="7")",
                            R"("a;token="7")",
                            R"("a";token=7)",
                            R"("a";token="")",
                            R"("a";token="7)",
                            R"("a";token="0")",
                            R"("a";token="-7")",
                            R"("a";token="+7")",
                            R"("a";token=" 7")",
                            R"("a";token="07")",
                            R"("a";token="7x")",
                            R"("a";token="9223372036854775808")",
                            R"("a"; token="7")",
                            R"( "a";token="7")",
                            R"("a";token="7" )",
                            R"("a";token="7";)",
                            R"("a";token="7";shared=?1)",
                            R"("a";token="7";exclusive)",
                            R"("a";token="7";shared;shared)",
                            R"("a";shared;token="7")",
                            R"("a";token="7", "a";token="8")",
                            R"("%";token="7")",
                            R"("%4";token="7")",
                            R"("%41";token="7")",
                            R"("%0a";token="7")",
                            R"("%0G";token="7")",
                            R"("%-1";token="7")",
                            R"("a\"b";token="7")"}) {
        CAPTURE(bad);
        CHECK_FALSE(http_token::parse(bad));
    }
}

TEST_CASE("a header with any byte changed is not read, or says something else", "[http]") {
    const http_token good{"a%b", {20}, holdfast::access::shared};
    const auto text = good.text();
    const auto is_exact = [](const std::string& other) {
        const auto read = http_token::parse(other);
        return !read || read->text() == other;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        CHECK(is_exact(text.substr(0, i)));
        for (int c = 0; c < 256; ++c) {
            auto other = text;
            other[i] = static_cast<char>(c);
            CHECK(is_exact(other));
        }
    }
}

TEST_CASE("what the server answers", "[http]") {
    http_gate gate{"guarded"};
    int runs = 0;
    const auto ask = [&](const std::vector<std::string>& values) {
        return gate.run(values, [&] {
            ++runs;
            return 204;
        });
    };
    const auto with = [](std::int64_t t, const char* lock = "guarded") {
        return http_token{lock, {t}}.text();
    };
    CHECK(ask({}) == 428);
    CHECK(ask({"junk"}) == 400);
    CHECK(ask({with(7), with(7)}) == 400);
    CHECK(ask({with(7, "another")}) == 400);
    CHECK(runs == 0);
    CHECK(ask({with(7)}) == 204);
    CHECK(ask({with(9)}) == 204);
    CHECK(ask({with(7)}) == 412);
    CHECK(runs == 2);
    CHECK(gate.seen() == holdfast::gate::marks{{9}, {9}});
    http_gate restarted{"guarded", gate.seen()};
    CHECK(restarted.run({with(7)}, [] { return 204; }) == 412);
}

TEST_CASE("a gate behind HTTP lets in whom a gate lets in", "[http]") {
    http_gate gate{"guarded"};
    test_support::is_same_as_gate([&](holdfast::token t, holdfast::access how) {
        return gate.run({http_token{"guarded", t, how}.text()}, [] { return 204; }) == 204;
    });
}
