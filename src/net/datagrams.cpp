#include "net/datagrams.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.hpp"
#include "net/socket.hpp"

namespace holdfast::net {
namespace {

constexpr std::size_t header_size = 25;
constexpr std::uint8_t is_sealed = 0x80;
constexpr std::uint8_t plain_datagram = 0x01;
constexpr std::uint8_t sealed_datagram = plain_datagram | is_sealed;
constexpr int highest_likely_version = 15;
constexpr std::size_t datagrams_in_a_read = 64;

std::uint64_t counter_of(std::span<const std::uint8_t> whole) {
    std::uint64_t counter = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        counter |= std::uint64_t{whole[17 + i]} << (8 * i);
    }
    return counter;
}

/// What is sealed beside the message: the header, and whom it is for.
std::array<std::uint8_t, header_size + 16> bound_to(std::span<const std::uint8_t> header,
                                                    const peer_id& to) {
    std::array<std::uint8_t, header_size + 16> out;
    std::copy_n(header.begin(), header_size, out.begin());
    const auto id = bytes_of(to);
    std::copy(id.begin(), id.end(), out.begin() + header_size);
    return out;
}

}  // namespace

datagrams::datagrams(transport_context& shared) : shared_{shared} { set_identity(); }

void datagrams::open(os::unique_fd socket, bool is_ipv6) {
    HOLDFAST_ASSERT(socket && !socket_);
    socket_ = std::move(socket);
    is_ipv6_ = is_ipv6;
}

void datagrams::set_identity() {
    own_subkey_ = shared_.is_sealing() ? shared_.senders.subkey(shared_.mine.self) : secret{};
    shared_.mine.datagrams_sent = 0;
}

void datagrams::send(const peer_id& to, const endpoint& at, std::span<const std::byte> bytes) {
    HOLDFAST_ASSERT(!to.is_nil());
    out_.clear();
    out_.push_back(shared_.is_sealing() ? sealed_datagram : plain_datagram);
    const auto self = bytes_of(shared_.mine.self);
    out_.insert(out_.end(), self.begin(), self.end());
    const auto counter = ++shared_.mine.datagrams_sent;
    HOLDFAST_ASSERT(counter != 0);  // a nonce is never used twice
    for (int i = 0; i < 8; ++i) {
        out_.push_back(static_cast<std::uint8_t>(counter >> (8 * i)));
    }
    const auto bound = bound_to({out_.data(), header_size}, to);
    const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
    out_.insert(out_.end(), from, from + bytes.size());
    if (shared_.is_sealing()) {
        seal(out_, header_size, bound, own_subkey_, counter);
    }
    sockaddr_storage address{};
    const auto length = to_sockaddr(at, address, is_ipv6_);
    auto& stats = shared_.stats;
    // A datagram the system does not take now is a lost datagram.
    if (::sendto(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address), length) >= 0) {
        ++stats.datagrams_sent;
        stats.bytes_sent += out_.size();
    }
    ++stats.writes;
}

void datagrams::read(const sink& to) {
    auto& stats = shared_.stats;
    for (std::size_t i = 0; i < datagrams_in_a_read; ++i) {
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        const auto n = ::recvfrom(socket_.get(), in_.data(), in_.size(), MSG_DONTWAIT,
                                  reinterpret_cast<sockaddr*>(&address), &length);
        ++stats.reads;
        if (n < 0) {
            if (errno == EINTR || errno == ECONNREFUSED) {
                continue;
            }
            return;
        }
        ++stats.datagrams_received;
        stats.bytes_received += static_cast<std::uint64_t>(n);
        // where memory runs out, this one is lost, and counted
        (void)shared_.try_alloc([&] {
            open_one({in_.data(), static_cast<std::size_t>(n)}, from_sockaddr(address), to);
        });
    }
}

void datagrams::count_malformed(std::span<const std::uint8_t> whole, const endpoint& at) {
    ++shared_.stats.malformed;
    // Noise is no version: they count up from 1.
    const auto version = whole.empty() ? 0 : whole[0] & ~is_sealed;
    if (whole.size() >= header_size && version != 0 && version <= highest_likely_version) {
        shared_.complain_about(errc::version_mismatch, [&] {
            return "a datagram from " + to_string(at) + ": " +
                   std::string{explain(errc::version_mismatch)};
        });
    }
}

void datagrams::open_one(std::span<std::uint8_t> whole, const endpoint& at, const sink& to) {
    if (whole.size() < header_size || (whole[0] != plain_datagram && whole[0] != sealed_datagram)) {
        count_malformed(whole, at);
        return;
    }
    const auto from = peer_of(whole.subspan<1, 16>());
    auto* known = shared_.senders.find(from);
    // Of those that are not read none is complained about: any host can send them, and one that is
    // set up wrongly meets us on a stream (SEAL-2).
    if (known == nullptr || (whole[0] == sealed_datagram) != shared_.is_sealing()) {
        ++shared_.stats.not_authentic;
        return;
    }
    const auto message =
        shared_.is_sealing() ? unseal(whole, *known) : std::optional{whole.subspan(header_size)};
    if (!message || from == shared_.mine.self) {
        return;
    }
    known->heard = shared_.now_seen;
    shared_.give(
        to,
        {from, {at, {}}, {reinterpret_cast<const std::byte*>(message->data()), message->size()}});
}

std::optional<std::span<std::uint8_t>> datagrams::unseal(std::span<std::uint8_t> whole,
                                                         known_senders::entry& from) {
    const auto counter = counter_of(whole);
    const auto bound = bound_to(whole.first(header_size), shared_.mine.self);
    const auto opened = net::open(whole.subspan(header_size), bound, from.key, counter);
    if (!opened) {
        ++shared_.stats.not_authentic;
        return std::nullopt;
    }
    if (!from.window.admit(counter)) {
        ++shared_.stats.replayed;
        return std::nullopt;
    }
    return opened;
}

}  // namespace holdfast::net
