// A packet: version, cluster, envelope, message.
#include <xxhash.h>

#include <new>

#include "base/settings.hpp"
#include "wire/archive.hpp"
#include "wire/codec.hpp"
#include "wire/codecs.hpp"

namespace holdfast::wire {
namespace {

constexpr std::size_t head_size = 1 + sizeof(std::uint64_t);
constexpr std::uint64_t relayed_kind = 0x70;

std::array<std::byte, head_size> head_for(std::string_view cluster_name) {
    std::array<std::byte, head_size> head{};
    head[0] = std::byte{oldest_version};
    const auto hash = XXH3_64bits(cluster_name.data(), cluster_name.size());
    for (unsigned i = 0; i < 8; ++i) {
        head[1 + i] = static_cast<std::byte>(hash >> (56 - 8 * i));
    }
    return head;
}

}  // namespace

void fields(auto& a, is<node::envelope> auto& e) {
    a(e.from, e.to, e.cluster, e.installed, e.is_leased);
}

namespace {

struct write_alternative {
    pack::writer out;

    void operator()(const swim::message& m) const { write_swim(out, m); }
    void operator()(const views::message& m) const { write_view(out, m); }
    void operator()(const lease::message& m) const { write_lease(out, m); }
    void operator()(const lock::message& m) const { write_lock(out, m); }
    void operator()(const node::relayed& m) const {
        auto o = out;
        o.number(relayed_kind);
        writing a{o};
        a.put(m.origin);
        a.put(m.destination);
        a.put(m.is_echo);
        write_lock(o, m.what);
    }
};

struct name_of_alternative {
    std::string_view operator()(const swim::message& m) const { return name_of_swim(m); }
    std::string_view operator()(const views::message& m) const { return name_of_view(m); }
    std::string_view operator()(const lease::message& m) const { return name_of_lease(m); }
    std::string_view operator()(const lock::message& m) const { return name_of_lock(m); }
    std::string_view operator()(const node::relayed&) const { return "relayed"; }
};

bool read_any(pack::reader& in, std::uint64_t kind, node::message& what) {
    if (kind == relayed_kind) {
        auto& m = what.emplace<node::relayed>();
        reading a{in};
        a.get(m.origin);
        a.get(m.destination);
        a.get(m.is_echo);
        return read_lock(in, in.number(), m.what);
    }
    // Each layer has its range, so that a lock's message is not compared with every other kind.
    switch (kind >> 4) {
        case 1:
            return read_swim(in, kind, what.emplace<swim::message>());
        case 2:
        case 3:
            return read_view(in, kind, what.emplace<views::message>());
        case 4:
            return read_lease(in, kind, what.emplace<lease::message>());
        case 5:
        case 6:
        case 7:
            return read_lock(in, kind, what.emplace<lock::message>());
        default:
            return false;
    }
}

}  // namespace

void encode(const packet& p, std::string_view cluster_name, std::vector<std::byte>& out,
            std::size_t unknown) {
    const auto head = head_for(cluster_name);
    out.insert(out.end(), head.begin(), head.end());
    pack::writer to{out, unknown};
    writing{to}.put(p.envelope);
    std::visit(write_alternative{to}, p.what);
}

namespace {

tl::unexpected<decode_error> refuse(decode_error why) { return tl::unexpected<decode_error>{why}; }

/// What comes behind the head.
tl::expected<packet, decode_error> read_packet(std::span<const std::byte> bytes) {
    pack::reader in{bytes};
    packet p;
    reading{in}.get(p.envelope);
    const auto kind = in.number();
    const bool is_known = !in.has_failed() && read_any(in, kind, p.what);
    if (in.why() == pack::failure::too_large) {
        return refuse(decode_error::too_large);
    }
    if (!is_known || in.has_failed() || in.left() > 0) {
        return refuse(decode_error::malformed);
    }
    return p;
}

}  // namespace

tl::expected<packet, decode_error> decode(std::span<const std::byte> bytes,
                                          std::string_view cluster_name) {
    if (bytes.empty()) {
        return refuse(decode_error::malformed);
    }
    // The version comes first: what follows may look otherwise in another one.
    const auto version = std::to_integer<std::uint8_t>(bytes.front());
    if (version < oldest_version || version > newest_version) {
        return refuse(decode_error::version);
    }
    if (bytes.size() > base::limits::frame) {
        return refuse(decode_error::too_large);
    }
    if (bytes.size() < head_size) {
        return refuse(decode_error::malformed);
    }
    if (const auto expected = head_for(cluster_name);
        !std::equal(expected.begin() + 1, expected.end(), bytes.begin() + 1)) {
        return refuse(decode_error::wrong_cluster);
    }
    try {
        return read_packet(bytes.subspan(head_size));
    } catch (const std::bad_alloc&) {
        return refuse(decode_error::no_memory);
    }
}

std::string_view name_of(const node::message& what) {
    return std::visit(name_of_alternative{}, what);
}

}  // namespace holdfast::wire
