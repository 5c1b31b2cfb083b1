// The small worlds that take seconds: nothing goes wrong in any of their states.
#include "explore/worlds.hpp"

#include <cstdio>
#include <string>

#include "catch.hpp"

using namespace holdfast::explore;

namespace {

constexpr bounds enough{1'000'000, std::chrono::seconds{200}};

std::string schedule_of(const outcome& r) {
    std::string text;
    if (r.found) {
        for (const auto& line : r.found->schedule) {
            text += line + "\n";
        }
        text += r.found->what;
    }
    return text;
}

}  // namespace

TEST_CASE("in no state of a small world is a guarantee broken") {
    for (const auto& w : all_worlds()) {
        if (w.is_large) {
            continue;
        }
        const auto r = search(*w.make(false), enough);
        INFO(w.name << "\n" << schedule_of(r));
        CHECK_FALSE(r.found);
        CHECK(r.is_complete);
        std::printf("%-14s %llu states of %llu combinations of machines\n",
                    std::string{w.name}.c_str(), static_cast<unsigned long long>(r.states),
                    static_cast<unsigned long long>(r.machines));
    }
}
