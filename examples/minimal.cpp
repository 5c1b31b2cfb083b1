// The least there is to it: join, lock, use, release.
#include <chrono>
#include <cstdio>

#include <holdfast/holdfast.hpp>

using namespace std::chrono_literals;

int main() {
    // Without seeds this process is a cluster of its own; with them, one peer of many.
    auto peer = holdfast::peer::start({.profile = holdfast::profile::local});
    if (!peer) {
        std::fprintf(stderr, "%s\n", peer.error().text.c_str());
        return 1;
    }
    auto hold = peer->lock("orders/42", {.wait = 10s});
    if (!hold) {
        std::fprintf(stderr, "not locked: %s\n", hold.error().text.c_str());
        return 1;
    }
    std::printf(
        "locked orders/42 with token %lld, valid for %lld ms if nothing more is heard\n",
        static_cast<long long>(hold->token().value),
        static_cast<long long>(
            std::chrono::duration_cast<std::chrono::milliseconds>(hold->remaining()).count()));
    // an error tells that it had been lost: what was done meanwhile may have met another
    return hold->release() ? 0 : 1;
}
