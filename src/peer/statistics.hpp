// The public counters, summed from those of the parts.
#pragma once

#include <holdfast/events.hpp>

#include "net/transport.hpp"
#include "node/node.hpp"

namespace holdfast::runtime {

void add(statistics& to, const node::statistics& of);
void add(statistics& to, const net::transport_statistics& of);

}  // namespace holdfast::runtime
