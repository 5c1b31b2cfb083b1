// What a machine has to say, until its driver takes it.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace holdfast::base {

/// Keeps its memory from one call of its machine to the next, but for that of a burst.
template <class Output>
class outbox {
public:
    void push(Output output) { waiting_.push_back(std::move(output)); }
    /// One of the alternatives, made in place.
    template <class Alternative>
    void push(Alternative&& what) {
        waiting_.emplace_back(std::forward<Alternative>(what));
    }
    [[nodiscard]] bool empty() const { return waiting_.empty(); }
    std::optional<Output> next() {
        if (waiting_.empty()) {
            return std::nullopt;
        }
        std::optional<Output> out{std::move(waiting_[taken_])};
        if (++taken_ == waiting_.size()) {
            clear();
        }
        return out;
    }
    void clear() {
        taken_ = 0;
        waiting_.clear();
        if (waiting_.capacity() > most_kept) {
            waiting_.shrink_to_fit();
        }
    }

private:
    static constexpr std::size_t most_kept = 256;

    std::vector<Output> waiting_;
    std::size_t taken_ = 0;  // the first of them, whose values are gone
};

}  // namespace holdfast::base
