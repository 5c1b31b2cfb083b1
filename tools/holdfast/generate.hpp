// `holdfast generate`: the manual page and the shells' completions, read off the table that parses
// the command line.
#pragma once

#include <ostream>
#include <string>

#include <CLI/CLI.hpp>

namespace holdfast_tool {

/// `what`: man, bash, zsh or fish. Commands and options of no group are hidden.
void generate(const CLI::App& app, const std::string& what, std::ostream& out);

}  // namespace holdfast_tool
