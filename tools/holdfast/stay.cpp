#include "stay.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "descriptor.hpp"
#include "failure.hpp"
#include "lines.hpp"
#include "options.hpp"
#include "signals.hpp"

namespace holdfast_tool {

int stay(const std::function<holdfast::result<holdfast::peer>(std::stop_token)>& join,
         const stay_options& options) {
    holdfast::lock_options how;
    how.note = options.note;
    how.mode = options.mode;
    if (!options.wait.empty()) {
        const auto wait = holdfast::parse_duration(options.wait);
        if (!wait) {
            throw failure{"usage", "--wait: " + wait.error().text};
        }
        how.wait = *wait;
    }
    const signals ends{SIGHUP, SIGINT, SIGTERM};
    const descriptor is_lost{eventfd(0, EFD_CLOEXEC)};
    how.on_lost = [fd = static_cast<int>(is_lost)](holdfast::errc) { eventfd_write(fd, 1); };
    std::optional<holdfast::peer> with;
    auto held = ends.until_one_comes([&](std::stop_token stop) -> holdfast::result<holdfast::hold> {
        auto joined = join(stop);
        if (!joined) {
            return tl::unexpected{joined.error()};
        }
        with = std::move(*joined);
        how.stop = std::move(stop);
        return with->lock(options.name, how);
    });
    if (!held) {
        if (const int one = ends.take(); one != 0) {
            return 128 + one;
        }
        return why_not_held(options.name, held.error());
    }
    if (options.as_json) {
        standard_output().put(text_of({{"state", options.what},
                                       {"name", options.name},
                                       {"token", std::to_string(held->token().value)}}) +
                              "\n");
    } else {
        page said;
        said.line("%s %s %lld", options.what, options.name.c_str(),
                  static_cast<long long>(held->token().value));
        standard_output().put(said.text());
    }
    pollfd fds[2] = {{ends.waiting(), POLLIN, 0}, {is_lost, POLLIN, 0}};
    while (poll(fds, 2, -1) < 0) {
    }
    const bool was_asked = fds[0].revents != 0;
    const auto released = held->release();
    with.reset();  // before the descriptor that its callbacks write to is gone
    if (!released || !was_asked) {
        log_line(options.name + " was lost: " + (released ? "" : released.error().text));
        return lock_lost;
    }
    return done;
}

}  // namespace holdfast_tool
