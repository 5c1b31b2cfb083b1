// A value, or an error that says what to do.
#pragma once

#include <tl/expected.hpp>

#include <holdfast/error.hpp>
#include <holdfast/export.hpp>

namespace holdfast {

template <class T>
using result = tl::expected<T, error>;

/// `return fail(errc::timed_out);` with the standard text, or with one's own.
[[nodiscard]] HOLDFAST_EXPORT tl::unexpected<error> fail(errc code);
[[nodiscard]] HOLDFAST_EXPORT tl::unexpected<error> fail(errc code, std::string text);

}  // namespace holdfast
