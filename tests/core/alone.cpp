// The core without anything around it: one node founds its cluster and is granted a lock, in
// virtual time.
//
// This program links the core's libraries and xxHash, and nothing else: no libuv, no libsodium, no
// msgpack-c, no test framework. That it links at all is half of what it shows; check_links.py looks
// that it stays so.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <variant>

#include "node/node.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

struct driver {
    base::settings settings = [] {
        base::settings s;
        s.name = "alone";
        s.address = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}, 4653};
        s.slots = 16;
        return s;
    }();
    base::moment now{base::time_point{1h}, 10'000};
    node::node mine{settings, {0, 1}, 1, now};
    bool has_view = false;
    std::optional<token> granted;
    int sent = 0;

    void drain() {
        while (const auto o = mine.next()) {
            if (const auto* g = std::get_if<node::granted>(&*o)) {
                granted = g->token;
            }
            has_view = has_view || std::holds_alternative<node::view_installed>(*o);
            sent += std::holds_alternative<node::send>(*o) ? 1 : 0;
        }
    }
    /// Runs from timer to timer until `is_done`; whether it came to that within a minute of its own
    /// time.
    template <class Condition>
    bool run_until(Condition is_done) {
        const auto end = now.now + 1min;
        drain();
        while (!is_done()) {
            const auto due = mine.deadline();
            if (!due || *due > end) {
                return false;
            }
            now.now = std::max(now.now, *due);
            now.wall_s = 10'000 + std::chrono::duration_cast<std::chrono::seconds>(
                                      now.now.time_since_epoch() - 1h)
                                      .count();
            mine.tick(now);
            mine.check();
            drain();
        }
        return true;
    }
};

int failures = 0;

void expect(bool is_so, const char* what) {
    std::printf("%s: %s\n", is_so ? "ok" : "FAILED", what);
    failures += is_so ? 0 : 1;
}

}  // namespace

int main() {
    driver d;
    expect(d.run_until([&] { return d.has_view && d.mine.lease_end() > d.now.for_rights(); }),
           "a cluster of one is founded, with a running lease");
    expect(d.mine.installed() && d.mine.installed()->members.size() == 1, "it has one member");
    // FOUND-1: leases of an earlier life end before the first grant.
    (void)d.mine.acquire("orders", {}, d.now);
    expect(d.run_until([&] { return d.granted.has_value(); }), "the lock is granted");
    expect(d.granted && d.mine.holds("orders", *d.granted, d.now), "and held");
    if (d.granted) {
        const auto first = *d.granted;
        d.mine.release("orders", first, {}, d.now);
        d.drain();
        expect(!d.mine.holds("orders", first, d.now), "and not after its release");
        (void)d.mine.acquire("orders", {}, d.now);
        d.drain();
        expect(first < *d.granted, "the next token is higher, at once");
    }
    expect(d.sent == 0, "alone, it sends nothing");
    return failures == 0 ? 0 : 1;
}
