// The cluster's key as people keep it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/result.hpp>

namespace holdfast::runtime {

constexpr std::size_t key_bytes = 32;

/// 64 hexadecimal digits, or base64 of 32 bytes in either alphabet. `bad_config` (without the text
/// itself).
[[nodiscard]] result<std::vector<std::byte>> parse_key(std::string_view text);
/// 32 raw bytes, or text as above with white space around it. `bad_config` for the content, `io`
/// for the file.
[[nodiscard]] result<std::vector<std::byte>> read_key_file(const std::string& path);

}  // namespace holdfast::runtime
