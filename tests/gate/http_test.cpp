// http_gate at a real server: examples/fenced_http in a process of its own, on a port that the
// kernel picks.
#include <httplib.h>

#include <string>

#include <holdfast/http_gate.hpp>

#include "child.hpp"
#include "late_writer.hpp"

using holdfast::http_token;

namespace {

struct server {
    test_support::child process{{HOLDFAST_FENCED_HTTP, "serve"}};
    std::string url;

    server() {
        const std::string beginning = "serving at ";
        const auto said = process.expect(beginning);
        REQUIRE(said);
        url = said->text.substr(beginning.size());
    }
    std::string document() const {
        const auto answer = httplib::Client{url}.Get("/document");
        REQUIRE(answer);
        return answer->body;
    }
    int put(const httplib::Headers& headers, const std::string& text) const {
        const auto answer = httplib::Client{url}.Put("/document", headers, text, "text/plain");
        REQUIRE(answer);
        return answer->status;
    }
};

}  // namespace

TEST_CASE("a holder that wakes up late does not change the document", "[http]") {
    const server s;
    test_support::wakes_up_late(test_support::by_program(HOLDFAST_FENCED_HTTP, s.url),
                                [&] { return s.document(); });
}

TEST_CASE("only requests with one good token change the document", "[http]") {
    const server s;
    const auto token = [](std::int64_t t) { return http_token{"guarded", {t}}.text(); };
    CHECK(s.put({{http_token::header, token(7)}}, "seven") == 204);
    CHECK(s.put({}, "none") == 428);
    CHECK(s.put({{http_token::header, token(8)}, {http_token::header, token(9)}}, "two") == 400);
    CHECK(s.put({{http_token::header, token(8) + ", " + token(9)}}, "two in one") == 400);
    CHECK(s.put({{http_token::header, "8"}}, "junk") == 400);
    CHECK(s.put({{http_token::header, http_token{"another", {8}}.text()}}, "of another lock") ==
          400);
    CHECK(s.put({{http_token::header, token(6)}}, "older") == 412);
    CHECK(s.document() == "seven");
    CHECK(s.put({{"holdfast-token", token(7)}}, "again") == 204);
    CHECK(s.document() == "again");
}
