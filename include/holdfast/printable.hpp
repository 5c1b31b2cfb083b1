// Texts that other peers chose (names, notes, reasons), made fit for a terminal and for a log.
#pragma once

#include <string>
#include <string_view>

#include <holdfast/export.hpp>

namespace holdfast {

/// `text` without what a terminal would act on and what could pass for another line: control
/// characters (also those of C1), separators of lines, marks that turn the direction of writing,
/// and bytes that are no UTF-8. Each is written as `\n`, `\x1b` or `\u009b`. Everything else,
/// backslashes too, stays as it is, so a printable text does not change.
[[nodiscard]] HOLDFAST_EXPORT std::string printable(std::string_view text);

/// The same for a text of JSON. What is escaped is the same to who parses it.
[[nodiscard]] HOLDFAST_EXPORT std::string printable_json(std::string_view json);

}  // namespace holdfast
