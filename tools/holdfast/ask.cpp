#include "ask.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include <holdfast/events.hpp>

#include "control.hpp"
#include "failure.hpp"
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

void print(const question& what, const json& line, bool as_json) {
    if (as_json) {
        std::printf("%s\n", text_of(line).c_str());
    } else {
        what.print(line);
    }
    if (std::fflush(stdout) != 0) {
        throw failure{"io_error", "the answer cannot be written"};
    }
}

}  // namespace

int ask(const question& what, const json& arguments, const common& options, bool as_json) {
    signal(SIGPIPE, SIG_IGN);  // our own peer leaves before it ends
    const signals ends{SIGHUP, SIGINT, SIGTERM};
    const json asked{{"ask", what.name}, {"arguments", arguments}};
    const auto failed = ends.until_one_comes(
        [&](const std::stop_token& stop) -> std::optional<failure> {
            try {
                const listener to{[&](const json& line) { print(what, line, as_json); }, stop};
                if (options.control.empty()) {
                    ask_own_peer(options, asked, to);
                } else {
                    ask_agent(options.control, asked, to);
                }
                return std::nullopt;
            } catch (const failure& f) {
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
    if (as_json) {
        std::printf("%s\n", text_of(to_json(*failed)).c_str());
    } else {
        std::fprintf(stderr, "holdfast: %s\n", failed->what());
    }
    return failed->exit_code();
}

}  // namespace holdfast_tool
