#include "agent.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <optional>

#include <holdfast/holdfast.hpp>

#include "control.hpp"
#include "descriptor.hpp"
#include "failure.hpp"
#include "lines.hpp"
#include "signals.hpp"

namespace holdfast_tool {

int agent(const common& options) {
    const signals ends{SIGTERM, SIGINT};
    const descriptor stopped{eventfd(0, EFD_CLOEXEC)};
    auto c = options.make(common::kind::full);
    c.on_event = [&stopped](const holdfast::event& e) {
        log_line(holdfast::to_string(e));
        if (std::holds_alternative<holdfast::events::stopped>(e)) {
            eventfd_write(stopped, 1);
        }
    };
    // before the peer: one that cannot have it must not trouble the cluster
    std::optional<control_socket> control;
    if (!options.control.empty()) {
        control.emplace(options.control);
    }
    auto p = must(holdfast::peer::start(std::move(c)));
    std::optional<control_server> server;
    if (control) {
        server.emplace(*control, p);
    }
    bool is_ready = false;
    for (;;) {
        pollfd fds[2] = {{ends.waiting(), POLLIN, 0}, {stopped, POLLIN, 0}};
        poll(fds, 2, is_ready ? -1 : 20);
        if (fds[0].revents != 0 && ends.take() != 0) {
            ends.end_at_the_next();
            break;
        }
        if (fds[1].revents != 0) {
            return internal;  // the event has said why
        }
        if (!is_ready && p.is_ready()) {
            is_ready = true;
            standard_output().put("ready " + to_string(p.address()) + " " + to_string(p.id()) +
                                  "\n");
        }
    }
    server.reset();
    control.reset();
    (void)p.leave();
    return done;
}

}  // namespace holdfast_tool
