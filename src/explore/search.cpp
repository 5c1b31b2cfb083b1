#include "explore/search.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "explore/table.hpp"

namespace holdfast::explore {
namespace {

using clock = std::chrono::steady_clock;

/// The messages that were sent, one bit each.
class sayings {
public:
    explicit sayings(state said) {
        for (const auto n : said) {
            if (n / 64 >= bits_.size()) {
                bits_.resize(n / 64 + 1);
            }
            bits_[n / 64] |= std::uint64_t{1} << (n % 64);
        }
    }
    [[nodiscard]] bool covers(const sayings& other) const {
        if (other.bits_.size() > bits_.size()) {
            return false;
        }
        for (std::size_t i = 0; i < other.bits_.size(); ++i) {
            if ((other.bits_[i] & ~bits_[i]) != 0) {
                return false;
            }
        }
        return true;
    }

private:
    std::vector<std::uint64_t> bits_;  // the last is not zero
};

/// The states met so far, without those that another one covers.
class memory {
public:
    /// False if a state that is known covers this one.
    bool add(state at, std::size_t machine_words, std::uint32_t number) {
        const auto place =
            numbers_.number_of(fingerprint_of(std::as_bytes(at.first(machine_words)))).first;
        if (place == known_.size()) {
            known_.emplace_back();
        }
        auto& known = known_[place];
        const sayings said{at.subspan(machine_words)};
        if (std::any_of(known.begin(), known.end(),
                        [&](const entry& e) { return e.said.covers(said); })) {
            return false;
        }
        std::erase_if(known, [&](const entry& e) {
            if (!said.covers(e.said)) {
                return false;
            }
            is_covered_[e.number] = true;
            return true;
        });
        known.push_back({number, said});
        is_covered_.push_back(false);
        return true;
    }
    [[nodiscard]] bool is_covered(std::uint32_t number) const { return is_covered_[number]; }
    [[nodiscard]] std::size_t machines() const { return known_.size(); }

private:
    struct entry {
        std::uint32_t number;
        sayings said;
    };
    numbering numbers_;
    std::vector<std::vector<entry>> known_;  // by the number of what the machines are
    std::vector<bool> is_covered_;           // by the number of the state
};

class searcher {
public:
    searcher(world& of, const bounds& within) : world_{of}, bounds_{within} {}

    outcome run() {
        const auto start = clock::now();
        first_ = world_.first();
        meet(0, 0, first_);
        bool goes_on = !result_.found;
        std::uint32_t end_of_layer = 1;
        for (std::uint32_t number = 0; !waiting_.empty() && goes_on; ++number) {
            if (number == end_of_layer) {
                ++result_.depth;
                end_of_layer = static_cast<std::uint32_t>(came_from_.size());
            }
            const auto at = std::move(waiting_.front());
            waiting_.pop_front();
            if (memory_.is_covered(number)) {
                continue;
            }
            look_at(number, at);
            const bool is_late = (number & 0xff) == 0 && clock::now() - start >= bounds_.time;
            goes_on = !result_.found && result_.states < bounds_.states && !is_late;
        }
        result_.machines = memory_.machines();
        result_.is_complete = goes_on;
        result_.seconds = std::chrono::duration<double>(clock::now() - start).count();
        return std::move(result_);
    }

private:
    void look_at(std::uint32_t number, const words& at) {
        ++result_.states;
        bool is_end = true;
        world_.expand(at, [&](move what, const words& after) {
            is_end = false;
            ++result_.moves;
            if (!result_.found) {
                meet(number, what, after);
            }
        });
        if (is_end && !result_.found) {
            ++result_.ends;
            object(number, world_.objection_at_end(at));
        }
    }

    void meet(std::uint32_t from, move what, const words& at) {
        const auto number = static_cast<std::uint32_t>(came_from_.size());
        if (!memory_.add(at, world_.machine_words(), number)) {
            return;
        }
        came_from_.push_back({from, what});
        waiting_.push_back(at);
        object(number, world_.objection(at));
    }

    void object(std::uint32_t number, std::string what) {
        if (what.empty()) {
            return;
        }
        std::vector<move> path;
        for (; number != 0; number = came_from_[number].state) {
            path.push_back(came_from_[number].by);
        }
        std::reverse(path.begin(), path.end());
        counterexample shown{std::move(what), {}};
        auto at = first_;
        for (const auto step : path) {
            shown.schedule.push_back(world_.describe(at, step));
            words after;
            world_.expand(at, [&](move other, const words& there) {
                if (other == step) {
                    after = there;
                }
            });
            at = std::move(after);
        }
        result_.found = std::move(shown);
    }

    struct arrival {
        std::uint32_t state;
        move by;
    };

    world& world_;
    bounds bounds_;
    words first_;
    memory memory_;
    std::vector<arrival> came_from_;  // by the number of the state; the first came from nowhere
    std::deque<words> waiting_;       // to be looked at, in the order of their numbers
    outcome result_;
};

}  // namespace

outcome search(world& of, const bounds& within) { return searcher{of, within}.run(); }

}  // namespace holdfast::explore
