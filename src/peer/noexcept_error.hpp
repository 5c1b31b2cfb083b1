// Errors made where nothing may be thrown: closing a peer, and saying how a call ended that has had
// its effect, must not fail, even when memory is what is missing. Then an error has no text.
#pragma once

#include <initializer_list>
#include <string_view>

#include <holdfast/error.hpp>
#include <holdfast/result.hpp>

namespace holdfast::runtime {

[[nodiscard]] error make_error_noexcept(errc code,
                                        std::initializer_list<std::string_view> parts) noexcept;
/// With the usual text of the code.
[[nodiscard]] error make_error_noexcept(errc code) noexcept;
[[nodiscard]] error copy_noexcept(const error& e) noexcept;
[[nodiscard]] result<void> copy_noexcept(const result<void>& r) noexcept;

}  // namespace holdfast::runtime
