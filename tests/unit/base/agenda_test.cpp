// What is due when (LOAD-1, LOAD-2).
#include "base/agenda.hpp"

#include <string>

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using made_up::at;
using namespace std::chrono_literals;

namespace {

using due_at = std::optional<base::time_point>;

}  // namespace

TEST_CASE("an agenda tells what is due, in the order of the keys, until it is set anew") {
    base::agenda<std::string> all;
    due_at a;
    due_at b;
    due_at c;
    CHECK_FALSE(all.next());
    all.set("b", b, at(1s));
    all.set("a", a, at(2s));
    all.set("c", c, at(3s));
    CHECK(b == at(1s));
    CHECK(all.next() == at(1s));
    CHECK(all.due(at(999ms)).empty());
    CHECK(all.due(at(2s)) == std::vector<std::string>{"a", "b"});
    all.set("b", b, at(5s));
    CHECK(all.due(at(2s)) == std::vector<std::string>{"a"});
    all.set("a", a, std::nullopt);
    CHECK_FALSE(a);
    CHECK(all.next() == at(3s));
    CHECK(all.size() == 2);
}

TEST_CASE("LOAD-2: of very much that is due a part comes now, and the rest a moment later") {
    base::agenda<int> all;
    std::vector<due_at> listed(1000);
    for (int i = 0; i < 1000; ++i) {
        all.set(i, listed[static_cast<std::size_t>(i)], at(1s));
    }
    auto now = at(1s);
    std::size_t turns = 0;
    for (; all.size() > 0; ++turns) {
        const auto due = all.due(now);
        CHECK(due.size() <= base::agenda<int>::most_at_once);
        for (const auto i : due) {
            all.set(i, listed[static_cast<std::size_t>(i)], std::nullopt);
        }
        const auto next = all.next();
        REQUIRE((!next || *next > now));  // its driver does not spin
        now = next.value_or(now);
    }
    CHECK(turns == 4);
    CHECK(now < at(1100ms));
}
