// The search by itself, on worlds of a few numbers.
#include "explore/search.hpp"

#include <algorithm>

#include "catch.hpp"

using namespace holdfast::explore;

namespace {

/// One machine that counts, up to `most`, and may say a word or not at each count: word n at count
/// n.
class counter final : public world {
public:
    counter(std::uint32_t most, std::uint32_t forbidden) : most_{most}, forbidden_{forbidden} {}
    [[nodiscard]] std::size_t machine_words() const override { return 1; }
    [[nodiscard]] words first() override { return {0}; }
    void expand(state from, const visitor& visit) override {
        words next{from.begin(), from.end()};
        if (from[0] == most_) {
            return;
        }
        ++next[0];
        visit(0, next);
        next.push_back(from[0]);
        visit(1, next);
    }
    [[nodiscard]] std::string objection(state at) override {
        return std::find(at.begin() + 1, at.end(), forbidden_) == at.end() ? "" : "it was said";
    }
    [[nodiscard]] std::string objection_at_end(state at) override {
        return at.size() == 1 ? "it never said anything" : "";
    }
    [[nodiscard]] std::string describe(state from, move what) override {
        return (what == 0 ? "silent at " : "says ") + std::to_string(from[0]);
    }

private:
    std::uint32_t most_;
    std::uint32_t forbidden_;
};

}  // namespace

TEST_CASE("a state that has said less than another one is not looked at") {
    counter world{10, 100};
    const auto r = search(world, {});
    CHECK_FALSE(r.found);
    CHECK(r.is_complete);
    CHECK(r.states == 11);  // of 2047 without that
    CHECK(r.machines == 11);
    CHECK(r.depth == 10);
    CHECK(r.ends == 1);
}

TEST_CASE("a counterexample is told from the first move to the last") {
    counter world{10, 3};
    const auto r = search(world, {});
    REQUIRE(r.found);
    CHECK(r.found->what == "it was said");
    CHECK(r.found->schedule == std::vector<std::string>{"says 0", "says 1", "says 2", "says 3"});
}

TEST_CASE("a search that is stopped says that it is not complete") {
    counter world{10, 100};
    const auto r = search(world, {5, std::chrono::seconds{100}});
    CHECK_FALSE(r.found);
    CHECK_FALSE(r.is_complete);
    CHECK(r.states == 5);
}
