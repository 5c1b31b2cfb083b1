// A program outside of the project: it has the installed headers and library only.
#include <cstdio>

#include <holdfast/holdfast.hpp>

int main() {
    auto peer = holdfast::peer::start({.profile = holdfast::profile::local});
    if (!peer) {
        std::fprintf(stderr, "%s\n", peer.error().text.c_str());
        return 1;
    }
    auto hold = peer->lock("orders/42");
    if (!hold || !hold->is_valid()) {
        std::fprintf(stderr, "not locked\n");
        return 1;
    }
    // Thrown inside the library, caught outside of it.
    try {
        holdfast::mutex names_nothing{*peer, ""};
        names_nothing.lock();
        return 1;
    } catch (const holdfast::lock_error& e) {
        if (e.code().value() != static_cast<int>(holdfast::errc::name_too_long)) {
            return 1;
        }
    }
    return hold->release() ? 0 : 1;
}
