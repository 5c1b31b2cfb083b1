#include "ask.hpp"

#include <unistd.h>

#include <optional>

#include <holdfast/events.hpp>

#include "control.hpp"
#include "failure.hpp"
#include "lines.hpp"
#include "signals.hpp"

namespace holdfast_tool {
namespace {

using nlohmann::json;

void ask_own_peer(const common& options, const json& asked, const listener& to) {
    std::stop_source over;
    const std::stop_callback ends_it{to.stop, [&] { over.request_stop(); }};
    auto c = options.make(common::kind::short_lived);
    c.on_event = [over](const holdfast::event& e) mutable {
        if (std::holds_alternative<holdfast::events::stopped>(e)) {
            over.request_stop();  // what is asked for would never come
        }
    };
    const auto p = must(options.join(std::move(c), over.get_token()));
    answer(p, asked, {to.tell, over.get_token()});
    if (over.stop_requested() && !to.stop.stop_requested()) {
        must(p.wait_ready({}));  // says why it stopped
    }
}

/// Waits for who reads it, until `stop`.
void print(const question& what, const json& line, bool as_json, const std::stop_token& stop) {
    page answer;
    if (!as_json) {
        what.print(line, answer);
    }
    if (!standard_output().write(as_json ? text_of(line) + "\n" : answer.text(), stop)) {
        throw failure{"io_error", "the answer cannot be written"};
    }
}

}  // namespace

int ask(const question& what, const json& arguments, const common& options, bool as_json) {
    const signals ends{SIGHUP, SIGINT, SIGTERM};
    const json asked{{"ask", what.name}, {"arguments", arguments}};
    const auto failed = ends.until_one_comes(
        [&](const std::stop_token& stop) -> std::optional<failure> {
            try {
                const listener to{[&](const json& line) { print(what, line, as_json, stop); },
                                  stop};
                if (options.control.empty()) {
                    ask_own_peer(options, asked, to);
                } else {
                    ask_agent(options.control, asked, to);
                }
                return std::nullopt;
            } catch (const failure& f) {
                if (as_json) {
                    (void)standard_output().write(text_of(to_json(f)) + "\n", stop);
                }
                return f;
            }
        },
        STDOUT_FILENO);
    if (const int one = ends.take(); one != 0) {
        return 128 + one;
    }
    if (!failed) {
        return done;
    }
    if (!as_json) {
        log_line(failed->what());
    }
    return failed->exit_code();
}

}  // namespace holdfast_tool
