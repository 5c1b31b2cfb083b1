// The interfaces of those that change messages of nodes, and of those that observe nodes.
#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "node/node.hpp"
#include "sim/message_kind.hpp"

namespace holdfast::sim {

/// May lose, delay or double a message at the moment when it is sent.
class interceptor {
public:
    struct verdict {
        bool is_lost = false;
        base::duration delay{};
        /// of the same kind to the same process; for tables only
        bool brings_back_older = false;
        bool is_doubled = false;
    };
    virtual verdict sending(message_kind kind, std::uint32_t from, std::uint32_t to) = 0;

protected:
    ~interceptor() = default;
};

/// An observer: it is told of each output of a node, before the output is performed.
class observer {
public:
    virtual void saw(std::uint32_t place, const node::output& what) = 0;

protected:
    ~observer() = default;
};

}  // namespace holdfast::sim
