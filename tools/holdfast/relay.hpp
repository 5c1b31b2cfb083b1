// Lines on their way from a callback to a listener: a callback must not wait for who reads slowly.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include <nlohmann/json.hpp>

#include "questions.hpp"

namespace holdfast_tool {

class relay {
public:
    void put(nlohmann::json line);  ///< any thread, at any time
    /// Tells what is put, in order, until `to.stop`. Fails with `too_slow` when too much waits to
    /// be told.
    void pass_on(const listener& to);

private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<nlohmann::json> lines_;
    bool has_missed_ = false;
};

}  // namespace holdfast_tool
