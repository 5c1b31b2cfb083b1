// An object in the memory of one process, which holders in others write to by messages.
#include <string>

#include <holdfast/gate.hpp>

#include "late_writer.hpp"

TEST_CASE("a holder that wakes up late does not change the object", "[object]") {
    holdfast::gate gate;
    std::string object;
    // The object lives here, and the messages are lines that bring the token: "valid NAME TOKEN
    // yes".
    const test_support::way by_message{
        [](const test_support::child& holder, const std::string&) { holder.say("valid guarded"); },
        [&](test_support::child& holder, const std::string& text) {
            const std::string beginning = "valid guarded ";
            const auto message = holder.expect(beginning);
            REQUIRE(message);
            const holdfast::token token{std::stoll(message->text.substr(beginning.size()))};
            return gate.run(token, [&] { object = text; }) ? 0 : 3;
        }};
    test_support::wakes_up_late(by_message, [&] { return object; });
}
