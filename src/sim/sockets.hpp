// What passes the sockets of a simulated process, as src/net has it (SEAL-2, docs/sealing.md).
#pragma once

#include <cstdint>

#include "base/way.hpp"
#include "sim/context.hpp"

namespace holdfast::sim {

class sockets {
public:
    explicit sockets(context& shared) : context_{shared} {}

    /// Whether what has arrived at `place` reaches its node. By a stream both ends prove
    /// themselves.
    [[nodiscard]] bool let_in(std::uint32_t place, const packet& arrived,
                              const node::envelope& head);
    [[nodiscard]] base::way way_of(std::uint32_t place, const packet& arrived) const;

private:
    [[nodiscard]] bool let_in_by_stream(std::uint32_t place, const packet& arrived,
                                        const node::envelope& head);
    /// False.
    [[nodiscard]] static bool drop(const packet& arrived);

    context& context_;
};

}  // namespace holdfast::sim
