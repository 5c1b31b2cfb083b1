// Messages as sealed datagrams over one UDP socket.
//
// A datagram: 1 byte version and whether it is sealed, 16 bytes PeerId, 8 bytes counter; then the
// message. The PeerId of the peer it is for is sealed into it and not sent: it opens at no other
// peer, and at no later start of the same one (SEAL-2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <holdfast/ids.hpp>

#include "net/seal.hpp"
#include "net/transport.hpp"
#include "net/transport_context.hpp"
#include "os/unique_fd.hpp"

namespace holdfast::net {

class datagrams {
public:
    explicit datagrams(transport_context& shared);

    void open(os::unique_fd socket, bool is_ipv6);
    [[nodiscard]] int descriptor() const { return socket_.get(); }
    /// A new PeerId (`transport_context::mine`): a new subkey, and counters from the start.
    void set_identity();

    void send(const peer_id& to, const endpoint& at, std::span<const std::byte> bytes);
    /// What has arrived; bounded.
    void read(const sink& to);

private:
    void open_one(std::span<std::uint8_t> whole, const endpoint& at, const sink& to);
    /// Opens the message of a sealed one in place; nothing if it is not authentic, or not new.
    [[nodiscard]] std::optional<std::span<std::uint8_t>> unseal(std::span<std::uint8_t> whole,
                                                                known_senders::entry& from);
    void count_malformed(std::span<const std::uint8_t> whole, const endpoint& at);

    transport_context& shared_;
    os::unique_fd socket_;
    bool is_ipv6_ = false;
    secret own_subkey_{};
    std::vector<std::uint8_t> out_;
    // Not the buffer of the streams: what the sink does may read streams.
    std::array<std::uint8_t, 65536> in_{};
};

}  // namespace holdfast::net
