// The messages of each layer; every layer has its own range of kinds (docs/wire-format.md).
//
// read_...: false if the number is none of that layer's kinds. Whether the fields could be read,
// the reader knows.
#pragma once

#include <cstdint>
#include <string_view>

#include "lease/messages.hpp"
#include "lock/messages.hpp"
#include "swim/messages.hpp"
#include "view/messages.hpp"
#include "wire/pack.hpp"

namespace holdfast::wire {

void write_swim(pack::writer out, const swim::message& what);
void write_view(pack::writer out, const views::message& what);
void write_lease(pack::writer out, const lease::message& what);
void write_lock(pack::writer out, const lock::message& what);

[[nodiscard]] bool read_swim(pack::reader& in, std::uint64_t kind, swim::message& what);
[[nodiscard]] bool read_view(pack::reader& in, std::uint64_t kind, views::message& what);
[[nodiscard]] bool read_lease(pack::reader& in, std::uint64_t kind, lease::message& what);
[[nodiscard]] bool read_lock(pack::reader& in, std::uint64_t kind, lock::message& what);

[[nodiscard]] std::string_view name_of_swim(const swim::message& what);
[[nodiscard]] std::string_view name_of_view(const views::message& what);
[[nodiscard]] std::string_view name_of_lease(const lease::message& what);
[[nodiscard]] std::string_view name_of_lock(const lock::message& what);

}  // namespace holdfast::wire
