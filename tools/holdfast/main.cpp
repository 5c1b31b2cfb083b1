// holdfast: a peer, or a question to a cluster, from the command line. docs/command-line.md has the
// exit codes.
#include <chrono>
#include <functional>
#include <iostream>
#include <list>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <holdfast/holdfast.hpp>

#include "agent.hpp"
#include "ask.hpp"
#include "failure.hpp"
#include "generate.hpp"
#include "lines.hpp"
#include "options.hpp"
#include "questions.hpp"
#include "run.hpp"
#include "started_with.hpp"
#include "stay.hpp"

using namespace holdfast_tool;

namespace {

// The first sentence heads the manual page.
constexpr auto purpose =
    "Locks, elections and membership from your own fleet of processes. A question is put to the "
    "agent whose socket --control names; "
    "without one the command joins the cluster as a peer that owns no locks, for as long as it "
    "takes.";

// The manual page takes these apart: a term and a text, with two spaces or more before each.
constexpr auto codes_of_questions = R"(Exit codes of questions:
  0        it was answered
  1        the answer is negative, or the command failed
  64       wrong usage
  69       no agent or no cluster could be reached
  70       an error inside the agent or the peer
  128 + n  signal n has ended it)";

constexpr auto codes_of_agent = R"(Exit codes:
  0        it has left the cluster after SIGTERM or SIGINT
  128 + n  a second signal n has ended it at once
  64       wrong usage
  69       it could not start
  70       it has stopped because of an error, which it has printed)";

constexpr auto codes_of_staying = R"(Exit codes without a command (with one, those of run):
  0        SIGTERM, SIGINT or SIGHUP ended it while it was held
  128 + n  signal n ended the wait
  64       wrong usage
  69       no majority of seats could be reached
  75       it was not granted in time
  76       it was lost)";

constexpr auto codes_of_run = R"(Exit codes:
  128 + n   the command, or the wait for the lock, was ended by signal n
  64        wrong usage
  69        no majority of seats could be reached
  71        the system refused to start the command, or its guard was killed
  75        the lock was not acquired in time
  76        the lock was lost while the command ran
  126, 127  the command cannot be run, or was not found, as in shells
  any       else: that of the command, which ran to its end with the lock)";

/// What is still to be printed at the end, unless its reader has stopped.
struct last_lines {
    ~last_lines() {
        standard_output().finish(std::chrono::milliseconds{500});
        standard_error().finish(std::chrono::milliseconds{500});
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (!open_standard_descriptors()) {
        return os_error;
    }
    (void)at_start();
    const last_lines printed;
    CLI::App app{purpose};
    app.set_version_flag("--version", std::string{holdfast::version_text});
    app.require_subcommand(1);
    app.footer(codes_of_questions);  // before the commands, which take it over
    common options;                  // of the command that is chosen
    // CLI11 reads the environment for every command: into one, a variable would undo an option of
    // the chosen one
    std::list<common> of_each;
    run_options what_to_run;
    auto arguments = nlohmann::json::object();
    bool as_json = false;
    std::function<int()> chosen;
    const auto add = [&](const char* name, const char* about, std::function<int()> action) {
        auto* command = app.add_subcommand(name, about);
        auto& own = of_each.emplace_back();
        own.add_to(*command);
        command->callback([&, action] {
            options = own;
            chosen = action;
        });
        return command;
    };

    const auto join_as = [&](const holdfast::config& c) {
        return [&options, c](std::stop_token stop) { return options.join(c, std::move(stop)); };
    };
    add("agent", "run a full peer until SIGTERM; prints `ready ADDRESS ID` when it can serve", [&] {
        return agent(options);
    })->footer(codes_of_agent);
    auto* run_command = add("run", "run a command while holding a lock", [&] {
        const auto c = options.make(common::kind::short_lived);
        must(c.validate());
        return run(join_as(c), holdfast::times_of(c).lease, what_to_run);
    });
    run_command->add_option("--lock", what_to_run.lock, "the lock")->type_name("NAME")->required();
    run_command
        ->add_option("--wait", what_to_run.wait,
                     "how long to wait for it, e.g. 10s or 500ms (default: forever)")
        ->type_name("DURATION");
    auto* shared = run_command->add_flag("--shared", what_to_run.is_shared,
                                         "together with other shared holders");
    run_command
        ->add_option("--permits", what_to_run.permits,
                     "the lock is a semaphore: so many may hold it at a time")
        ->type_name("N")
        ->check(CLI::PositiveNumber)
        ->excludes(shared);
    run_command->add_option("--note", what_to_run.note, "what others see with the hold")
        ->type_name("TEXT");
    run_command->add_option("CMD", what_to_run.command, "the command and its arguments, after --")
        ->type_name("")
        ->required();
    run_command->positionals_at_end();
    run_command->footer(codes_of_run);
    const auto stay_or_run = [&](const char* name, const char* about, const char* what,
                                 bool is_shared, const char* note_about) {
        auto* command = add(name, about, [&, what, is_shared] {
            const auto c = options.make(common::kind::short_lived);
            must(c.validate());
            if (!what_to_run.command.empty()) {
                what_to_run.is_shared = is_shared;
                return run(join_as(c), holdfast::times_of(c).lease, what_to_run);
            }
            const auto mode =
                is_shared ? holdfast::lock_mode::shared() : holdfast::lock_mode::exclusive();
            return stay(join_as(c), {what_to_run.lock, what_to_run.note, what_to_run.wait, mode,
                                     what, as_json});
        });
        command->add_option("NAME", what_to_run.lock, "its name")->type_name("")->required();
        command->add_option("--note", what_to_run.note, note_about)->type_name("TEXT");
        command
            ->add_option("--wait", what_to_run.wait,
                         "how long to wait for it, e.g. 10s or 500ms (default: forever)")
            ->type_name("DURATION");
        command->add_flag("--json", as_json, "what is printed is a line of JSON");
        command->add_option("CMD", what_to_run.command, "a command to run meanwhile, after --")
            ->type_name("");
        command->footer(codes_of_staying);
    };
    stay_or_run(
        "elect",
        "lead an election until a signal comes, or while a command runs; prints `leads NAME TOKEN`",
        "leads", false, "what observers learn of the leader");
    stay_or_run(
        "join-group",
        "be in a group until a signal comes, or while a command runs; prints `joined NAME TOKEN`",
        "joined", true, "what the others see of this member");
    for (const auto& q : questions()) {
        auto* command = add(q.name, q.about, [&] { return ask(q, arguments, options, as_json); });
        command->add_flag("--json", as_json, "one line of JSON for each line of the answer");
        for (const auto& one : q.parameters) {
            command
                ->add_option_function<std::string>(
                    one.option, [&](const std::string& text) { arguments[one.key] = text; },
                    one.about)
                ->type_name(one.option[0] == '-' ? "TEXT" : "")
                ->required(one.is_required);
        }
    }
    std::string what_to_generate;
    // hidden
    auto* generate_command =
        app.add_subcommand("generate", "the manual page, or the completions of a shell")->group("");
    generate_command->add_option("WHAT", what_to_generate)
        ->required()
        ->check(CLI::IsMember({"man", "bash", "zsh", "fish"}));
    generate_command->callback([&] {
        chosen = [&] {
            generate(app, what_to_generate, std::cout);
            return std::cout.flush() ? done : not_so;
        };
    });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? done : usage;
    }
    try {
        return chosen();
    } catch (const failure& f) {
        log_line(f.what());
        return f.exit_code();
    } catch (const std::exception& e) {
        log_line(e.what());
        return internal;
    }
}
