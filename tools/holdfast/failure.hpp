// Why a command fails: in words, and as an exit code. docs/command-line.md lists the codes.
#pragma once

#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include <holdfast/error.hpp>
#include <holdfast/result.hpp>

namespace holdfast_tool {

/// As in sysexits.h where that has one.
enum exit_code : int {
    done = 0,
    not_so = 1,
    usage = 64,
    unavailable = 69,
    internal = 70,
    os_error = 71,
    not_in_time = 75,
    lock_lost = 76
};

/// Thrown wherever a command cannot go on. For programs it is `{"error": what(), "code": code}`.
struct failure : std::runtime_error {
    failure(std::string named, const std::string& text)
        : std::runtime_error{text}, code{std::move(named)} {}
    explicit failure(const holdfast::error& e) : failure{std::string{to_string(e.code)}, e.text} {}

    /// A name of holdfast::errc, or `not_so`, `usage`, `no_agent`, `too_slow`.
    std::string code;
    /// 1 for a code that is not known here: the agent may be newer.
    [[nodiscard]] int exit_code() const;
};

/// Says so, and which exit code that is: 75 when it was not to be had in time, 64 for what was
/// asked wrongly, 1 for another limit, else 69.
int why_not_held(const std::string& name, const holdfast::error& why);

[[nodiscard]] nlohmann::json to_json(const failure& f);
/// One line, for programs. Names are any bytes their peers chose, JSON is UTF-8: what is none is
/// replaced, and what a terminal would act on is escaped.
[[nodiscard]] std::string text_of(const nlohmann::json& line);

template <class T>
T must(holdfast::result<T> r) {
    if (!r) {
        throw failure{r.error()};
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*r);
    }
}

}  // namespace holdfast_tool
