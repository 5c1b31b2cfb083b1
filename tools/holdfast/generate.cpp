#include "generate.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <vector>

#include <holdfast/version.hpp>

namespace holdfast_tool {
namespace {

struct option_text {
    /// `-h` and `--help`; of a positional argument its only one
    std::vector<std::string> names{};
    std::string value{};                 ///< FILE, say; empty: it takes none
    std::vector<std::string> allowed{};  ///< empty: any
    std::string about, preset, variable;
    bool is_positional = false, is_required = false, is_many = false;

    [[nodiscard]] bool is_file() const { return value == "FILE"; }
};

struct command_text {
    std::string name, about, footer;
    std::vector<option_text> options{};
    /// what comes after `--` is a command with arguments of its own
    bool has_end_of_options = false;
};

struct app_text {
    command_text itself;
    std::vector<command_text> commands{};
};

option_text read(const CLI::Option& o) {
    option_text out{
        .about = o.get_description(), .preset = o.get_default_str(), .variable = o.get_envname()};
    out.is_positional = o.get_positional();
    out.is_required = o.get_required();
    out.is_many = o.get_items_expected_max() > 1;
    if (out.is_positional) {
        out.names.push_back(o.get_name(true));
    }
    for (const auto& one : o.get_snames()) {
        out.names.push_back("-" + one);
    }
    for (const auto& one : o.get_lnames()) {
        out.names.push_back("--" + one);
    }
    if (o.get_items_expected_max() == 0) {
        return out;
    }
    // CLI11 keeps the allowed values nowhere else: NAME:{a,b,c}.
    const auto type = o.get_type_name();
    const auto set = type.find(":{");
    out.value = type.substr(0, set);
    if (set != std::string::npos) {
        std::istringstream values{type.substr(set + 2, type.find('}') - set - 2)};
        for (std::string one; std::getline(values, one, ',');) {
            out.allowed.push_back(one);
        }
    }
    return out;
}

command_text read(const CLI::App& app) {
    command_text out{
        .name = app.get_name(), .about = app.get_description(), .footer = app.get_footer()};
    for (const auto* one : app.get_options()) {
        if (!one->get_group().empty()) {
            out.options.push_back(read(*one));
        }
    }
    out.has_end_of_options = app.get_positionals_at_end();
    return out;
}

app_text read_all(const CLI::App& app) {
    app_text out{.itself = read(app)};
    for (const auto* one : app.get_subcommands(
             [](const CLI::App* command) { return !command->get_group().empty(); })) {
        out.commands.push_back(read(*one));
    }
    return out;
}

std::string joined(const std::vector<std::string>& all, const std::string& between = " ") {
    std::string out;
    for (const auto& one : all) {
        out += (out.empty() ? "" : between) + one;
    }
    return out;
}

std::string replaced(const std::string& text, const std::vector<std::pair<char, std::string>>& by) {
    std::string out;
    for (const char one : text) {
        const auto found =
            std::find_if(by.begin(), by.end(), [&](const auto& pair) { return pair.first == one; });
        out += found == by.end() ? std::string{one} : found->second;
    }
    return out;
}

// ---- the manual page: man(7)

std::string roff(const std::string& text) {
    const auto out = replaced(text, {{'\\', "\\e"},
                                     {'-', "\\-"},
                                     {'`', "\\(ga"},
                                     {'\'', "\\(aq"},
                                     {'^', "\\(ha"},
                                     {'~', "\\(ti"}});
    return out.starts_with('.') ? "\\&" + out : out;
}
std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string slanted(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

std::string sentence(std::string text) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text.ends_with('.') ? text : text + ".";
}

std::string usage_of(const command_text& c) {
    auto out = bold("holdfast") + " " + bold(c.name) + " [" + slanted("OPTION") + "...]";
    for (const auto& o : c.options) {
        if (o.is_required && !o.is_positional) {
            out += " " + bold(o.names.back()) + " " + slanted(o.value);
        }
    }
    for (const auto& o : c.options) {
        if (o.is_positional) {
            out += (c.has_end_of_options ? " " + bold("--") : "") + " " + slanted(o.names[0]) +
                   (o.is_many ? "..." : "");
        }
    }
    return out;
}

void write_option(const option_text& o, std::ostream& out) {
    std::vector<std::string> names;
    for (const auto& one : o.names) {
        names.push_back(o.is_positional
                            ? slanted(one)
                            : bold(one) + (o.value.empty() ? "" : " " + slanted(o.value)));
    }
    out << ".TP\n" << joined(names, ", ") << "\n" << roff(sentence(o.about)) << "\n";
    if (!o.allowed.empty()) {
        out << "One of " << roff(joined(o.allowed, ", ")) << ".\n";
    }
    if (!o.preset.empty()) {
        out << "Default: " << bold(o.preset) << ".\n";
    }
    if (!o.variable.empty()) {
        out << "Environment: \\%" << bold(o.variable) << ".\n";
    }
}

/// Lines of a term and a text, with two spaces or more before each, are a list.
void write_footer(const std::string& footer, std::ostream& out) {
    std::istringstream lines{footer};
    for (std::string line; std::getline(lines, line);) {
        const auto gap = line.starts_with("  ") ? line.find("  ", 2) : std::string::npos;
        if (gap == std::string::npos) {
            out << roff(line) << "\n";
        } else {
            out << ".TP\n"
                << bold(line.substr(2, gap - 2)) << "\n"
                << roff(line.substr(line.find_first_not_of(' ', gap))) << "\n";
        }
    }
}

bool is_everywhere(const option_text& o, const app_text& app) {
    return std::all_of(app.commands.begin(), app.commands.end(), [&](const command_text& c) {
        return std::any_of(c.options.begin(), c.options.end(),
                           [&](const option_text& one) { return one.names == o.names; });
    });
}

void write_man(const app_text& app, std::ostream& out) {
    const auto first_sentence = app.itself.about.find('.');
    auto purpose = app.itself.about.substr(0, first_sentence);
    std::vector<std::string> one_of_each;
    for (const auto& o : app.itself.options) {
        one_of_each.push_back(bold(o.names.back()));
    }
    purpose[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(purpose[0])));
    out << ".TH HOLDFAST 1 \"\" \"holdfast " << roff(std::string{holdfast::version_text})
        << "\" \"User Commands\"\n"
        << ".SH NAME\nholdfast \\- " << roff(purpose) << "\n"
        << ".SH SYNOPSIS\n";
    for (const auto& c : app.commands) {
        out << usage_of(c) << "\n.br\n";
    }
    out << bold("holdfast") << " " << joined(one_of_each, " | ") << "\n.SH DESCRIPTION\n"
        << roff(app.itself.about.substr(first_sentence + 2)) << "\n";
    out << ".SH COMMANDS\n";
    for (const auto& c : app.commands) {
        out << ".SS " << usage_of(c) << "\n" << roff(sentence(c.about)) << "\n";
        for (const auto& o : c.options) {
            if (!is_everywhere(o, app)) {
                write_option(o, out);
            }
        }
        if (c.footer != app.itself.footer) {
            out << ".PP\n";
            write_footer(c.footer, out);
        }
    }
    out << ".SH OPTIONS\nEvery command has these.\n";
    for (const auto& o : app.commands.front().options) {
        if (is_everywhere(o, app)) {
            write_option(o, out);
        }
    }
    out << ".PP\nWithout a command:\n";
    for (const auto& o : app.itself.options) {
        write_option(o, out);
    }
    out << ".SH EXIT STATUS\n";
    write_footer(app.itself.footer, out);
}

// ---- completions

std::string quoted(const std::string& text) {
    return "'" + replaced(text, {{'\'', "'\\''"}}) + "'";
}

/// The names of those options for which `is_wanted` holds.
template <class Wanted>
std::vector<std::string> names_of(const command_text& c, Wanted is_wanted) {
    std::vector<std::string> out;
    for (const auto& o : c.options) {
        if (!o.is_positional && is_wanted(o)) {
            out.insert(out.end(), o.names.begin(), o.names.end());
        }
    }
    return out;
}

void write_bash(const app_text& app, std::ostream& out) {
    const auto any = [](const option_text&) { return true; };
    std::vector<std::string> commands;
    for (const auto& c : app.commands) {
        commands.push_back(c.name);
    }
    out << R"(# bash completion for holdfast; made by `holdfast generate bash`

_holdfast() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command= kind= words= i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --)
            ((i == COMP_CWORD - 1)) && kind=command || kind=file
            break
            ;;
        -*) ;;
        *) [ -n "$command" ] || command=${COMP_WORDS[i]} ;;
        esac
    done
    # bash takes --option=value for three words
    if [ "$current" = = ]; then
        current=
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    [ -n "$kind" ] || case "$command $before" in
)";
    for (const auto& c : app.commands) {
        const auto write = [&](const std::vector<std::string>& options, const std::string& what) {
            std::vector<std::string> cases;
            for (const auto& one : options) {
                cases.push_back(quoted(c.name + " " + one));
            }
            if (!cases.empty()) {
                out << "    " << joined(cases, " | ") << ") " << what << " ;;\n";
            }
        };
        for (const auto& o : c.options) {
            if (!o.is_positional && !o.allowed.empty()) {
                write(o.names, "words=" + quoted(joined(o.allowed)));
            }
        }
        write(names_of(c, [](const option_text& o) { return o.is_file(); }), "kind=file");
        write(names_of(c,
                       [](const option_text& o) {
                           return !o.value.empty() && !o.is_file() && o.allowed.empty();
                       }),
              "return");
        out << "    " << quoted(c.name + " ") << "*) words=" << quoted(joined(names_of(c, any)))
            << " ;;\n";
    }
    out << "    ' '*) words=" << quoted(joined(commands) + " " + joined(names_of(app.itself, any)))
        << R"( ;;
    esac
    if [ -n "$kind" ]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -A "$kind" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    fi
}

complete -F _holdfast holdfast
)";
}

std::string zsh_text(const std::string& text) {
    return replaced(text, {{':', "\\:"}, {'[', "\\["}, {']', "\\]"}, {'\'', "'\\''"}});
}

void write_zsh_option(const option_text& o, bool has_end_of_options, std::ostream& out) {
    const auto values = !o.allowed.empty() ? "(" + joined(o.allowed) + ")"
                        : o.is_file()      ? "_files"
                                           : " ";
    if (o.is_positional) {
        out << " \\\n                '" << (has_end_of_options ? "*" : "") << ":"
            << (has_end_of_options ? ":" : "") << zsh_text(o.about) << ":"
            << (has_end_of_options ? "_normal" : values) << "'";
        return;
    }
    for (const auto& name : o.names) {
        const bool is_long = name.starts_with("--");
        out << " \\\n                '(" << joined(o.names) << ")" << name
            << (o.value.empty() || !is_long ? "" : "=") << "[" << zsh_text(o.about) << "]"
            << (o.value.empty() ? "" : ":" + zsh_text(o.value) + ":" + values) << "'";
    }
}

void write_zsh(const app_text& app, std::ostream& out) {
    out << "#compdef holdfast\n# made by `holdfast generate zsh`\n\n"
        << "_holdfast() {\n    local curcontext=$curcontext state line\n    local -A opt_args\n    "
           "local -a commands=(\n";
    for (const auto& c : app.commands) {
        out << "        " << quoted(c.name + ":" + c.about) << "\n";
    }
    out << "    )\n    _arguments -C '1:command:->command' '*::argument:->argument'";
    for (const auto& o : app.itself.options) {
        write_zsh_option(o, false, out);
    }
    out << "\n    case $state in\n    command) _describe command commands ;;\n    argument)\n      "
           "  case $line[1] in\n";
    for (const auto& c : app.commands) {
        out << "        " << c.name << ")\n            _arguments -S";
        for (const auto& o : c.options) {
            write_zsh_option(o, c.has_end_of_options, out);
        }
        out << "\n            ;;\n";
    }
    out << "        esac\n        ;;\n    esac\n}\n\n_holdfast \"$@\"\n";
}

std::string fish_quoted(const std::string& text) {
    return "'" + replaced(text, {{'\\', "\\\\"}, {'\'', "\\'"}}) + "'";
}

void write_fish_options(const command_text& c, const std::string& when, std::ostream& out) {
    for (const auto& o : c.options) {
        if (o.is_positional) {
            continue;
        }
        out << "complete -c holdfast -n " << fish_quoted(when);
        for (const auto& name : o.names) {
            out << (name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1));
        }
        out << (o.value.empty() ? ""
                : o.is_file()   ? " -r -F"
                                : " -x")
            << (o.allowed.empty() ? "" : " -a " + fish_quoted(joined(o.allowed))) << " -d "
            << fish_quoted(o.about) << "\n";
    }
    if (c.has_end_of_options) {
        out << "complete -c holdfast -n "
            << fish_quoted(when + "; and contains -- -- (commandline -opc)") << " -F\n";
    }
}

void write_fish(const app_text& app, std::ostream& out) {
    out << "# fish completion for holdfast; made by `holdfast generate fish`\n\ncomplete -c "
           "holdfast -f\n";
    write_fish_options(app.itself, "__fish_use_subcommand", out);
    for (const auto& c : app.commands) {
        out << "complete -c holdfast -n '__fish_use_subcommand' -a " << c.name << " -d "
            << fish_quoted(c.about) << "\n";
        write_fish_options(c, "__fish_seen_subcommand_from " + c.name, out);
    }
}

}  // namespace

void generate(const CLI::App& app, const std::string& what, std::ostream& out) {
    const auto all = read_all(app);
    what == "man"    ? write_man(all, out)
    : what == "bash" ? write_bash(all, out)
    : what == "zsh"  ? write_zsh(all, out)
                     : write_fish(all, out);
}

}  // namespace holdfast_tool
