// What a machine has to say, until its driver takes it.
#pragma once

#include <deque>
#include <optional>
#include <utility>

namespace holdfast::base {

template <class Output>
class outbox {
public:
    void push(Output output) { waiting_.push_back(std::move(output)); }
    [[nodiscard]] bool empty() const { return waiting_.empty(); }
    std::optional<Output> next() {
        if (waiting_.empty()) {
            return std::nullopt;
        }
        std::optional<Output> out{std::move(waiting_.front())};
        waiting_.pop_front();
        return out;
    }

private:
    std::deque<Output> waiting_;
};

}  // namespace holdfast::base
