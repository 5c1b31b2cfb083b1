// holdfast: a peer, or a question to a cluster, from the command line. README.md has the exit codes.
#include <cstdio>
#include <functional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <holdfast/holdfast.hpp>

#include "agent.hpp"
#include "ask.hpp"
#include "failure.hpp"
#include "options.hpp"
#include "questions.hpp"
#include "run.hpp"

using namespace holdfast_tool;

int main(int argc, char** argv) {
    CLI::App app{"Locks, elections and membership from your own fleet of processes."};
    app.set_version_flag("--version", std::string{holdfast::version_text});
    app.require_subcommand(1);
    common options;
    run_options what_to_run;
    auto arguments = nlohmann::json::object();
    bool as_json = false;
    std::function<int()> chosen;
    const auto add = [&](const char* name, const char* about, std::function<int()> action) {
        auto* command = app.add_subcommand(name, about);
        options.add_to(*command);
        command->callback([&chosen, action] { chosen = action; });
        return command;
    };

    add("agent", "run a full peer until SIGTERM; prints `ready ADDRESS ID` when it can serve", [&] { return agent(options); });
    auto* run_command = add("run", "run a command while holding a lock", [&] {
        const auto c = options.make(true);
        must(c.validate());
        return run([&](std::stop_token stop) { return options.join(c, std::move(stop)); }, holdfast::times_of(c).lease, what_to_run);
    });
    run_command->add_option("--lock", what_to_run.lock, "the lock")->type_name("NAME")->required();
    run_command->add_option("--wait", what_to_run.wait, "how long to wait for it, e.g. 10s or 500ms (default: for ever)")->type_name("DURATION");
    run_command->add_option("CMD", what_to_run.command, "the command and its arguments, after --")->type_name("")->required();
    run_command->positionals_at_end();
    for (const auto& q : questions()) {
        auto* command = add(q.name, q.about, [&] { return ask(q, arguments, options, as_json); });
        command->add_flag("--json", as_json, "one line of JSON for each line of the answer");
        for (const auto& one : q.parameters) {
            command->add_option_function<std::string>(one.option, [&](const std::string& text) { arguments[one.key] = text; }, one.about)
                ->type_name(one.option[0] == '-' ? "TEXT" : "")
                ->required(one.is_required);
        }
    }

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? done : usage;
    }
    try {
        return chosen();
    } catch (const failure& f) {
        std::fprintf(stderr, "holdfast: %s\n", f.what());
        return f.exit_code();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "holdfast: %s\n", e.what());
        return internal;
    }
}
