// A network of its own for real processes: each place is a network namespace of the kernel with one
// TUN device, and one thread here carries every IP packet from place to place. It may cut, lose,
// delay, double or reorder them, each direction of each link by itself, UDP and TCP alike.
//
// Namespaces and devices have no names and live as long as this object and the processes inside:
// whatever way the program ends, the kernel removes them. Needs root and /dev/net/tun.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace test_support {

/// What one direction of one link does to packets.
struct impairment {
    bool cut = false;
    double loss = 0;     ///< the share of packets that are lost
    double doubled = 0;  ///< the share that arrive twice
    /// the share that arrive 5 to 50 ms late, behind what was sent after them
    double held_back = 0;
    std::chrono::microseconds jitter{};  ///< each packet is late by a random part of it
    // what a firewall drops without a word, or a router that packets do not fit through
    bool no_tcp = false;
    bool no_udp = false;
    bool no_large = false;  ///< of more than 1000 bytes

    bool operator==(const impairment&) const = default;
    [[nodiscard]] bool is_clean() const { return *this == impairment{}; }
};

class impaired_network {
public:
    /// Throws std::runtime_error with the operating system's words.
    impaired_network(std::size_t places, std::uint64_t seed);
    ~impaired_network();
    impaired_network(const impaired_network&) = delete;
    impaired_network& operator=(const impaired_network&) = delete;

    [[nodiscard]] static std::string address(std::size_t place) {
        return "10.77.0." + std::to_string(place + 1);
    }

    /// Puts the calling thread there. May be called in a child after `fork`.
    [[nodiscard]] bool enter(std::size_t place) const;

    /// For the packets that come from now on; those under way are dropped if it is cut when they
    /// would arrive.
    void set(std::size_t from, std::size_t to, const impairment& what);

    /// A stranger without the key sends datagrams again that arrived at any time before: each to
    /// where it went, or to another place.
    void replay(std::size_t count);

    struct counts {
        std::uint64_t carried = 0, cut = 0, lost = 0, doubled = 0, held_back = 0, jittered = 0,
                      filtered = 0, replayed = 0;
    };
    [[nodiscard]] counts counted() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

/// Whether this process may make one, and why not.
[[nodiscard]] bool can_make_networks(std::string& why_not);

}  // namespace test_support
