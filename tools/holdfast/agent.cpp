#include "agent.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <chrono>
#include <optional>

#include <holdfast/holdfast.hpp>

#include "control.hpp"
#include "descriptor.hpp"
#include "failure.hpp"
#include "lines.hpp"
#include "signals.hpp"

namespace holdfast_tool {
namespace {

/// OWN-11: so that a rolling restart, which waits for each agent to be ready, is not faster than
/// agents can take over locks from one another.
class readiness {
public:
    explicit readiness(const holdfast::config& c) : at_most_{16 * times_of(c).lease} {}

    [[nodiscard]] bool is_reached(const holdfast::peer& p) {
        if (!p.is_ready()) {
            return false;
        }
        const auto now = std::chrono::steady_clock::now();
        member_since_ = member_since_.value_or(now);
        const auto v = p.view();
        const auto* us = v ? v->find(p.id()) : nullptr;
        const bool has_share = us != nullptr && (us->is_settled || us->weight == 0);
        return has_share || now - *member_since_ >= at_most_;
    }

private:
    std::chrono::milliseconds at_most_;
    std::optional<std::chrono::steady_clock::time_point> member_since_;
};

}  // namespace

int agent(const common& options) {
    const signals ends{SIGTERM, SIGINT};
    const descriptor stopped{eventfd(0, EFD_CLOEXEC)};
    auto c = options.make(common::kind::full);
    readiness ready{c};
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
        if (!is_ready && ready.is_reached(p)) {
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
