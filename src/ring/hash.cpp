#include <xxhash.h>

#include <string_view>
#include <vector>

#include "ring/assign.hpp"

namespace holdfast::ring {
namespace {

/// Bytes that only these values have: numbers in eight bytes, little-endian; a count before what
/// there may be more of.
class canonical {
public:
    void number(std::uint64_t value) {
        for (unsigned i = 0; i < 8; ++i) {
            bytes_.push_back(static_cast<unsigned char>(value >> (8 * i)));
        }
    }
    void id(const peer_id& id) {
        number(id.high);
        number(id.low);
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_.insert(bytes_.end(), value.begin(), value.end());
    }
    void address(const endpoint& a) {
        bytes_.insert(bytes_.end(), a.ip.begin(), a.ip.end());
        number(a.port);
    }
    [[nodiscard]] std::uint64_t hash() const { return XXH3_64bits(bytes_.data(), bytes_.size()); }

private:
    std::vector<unsigned char> bytes_;
};

void put(canonical& to, const view& v) {
    to.number(v.cluster.high);
    to.number(v.cluster.low);
    to.number(v.number.value);
    to.number(v.epoch.value);
    to.number(v.ring_function);
    to.number(v.slots);
    to.number(v.seats_since.value);
    to.number(v.seats.size());
    for (const auto& s : v.seats) {
        to.address(s.address);
        to.id(s.filled_by);
    }
    to.number(v.members.size());
    for (const auto& m : v.members) {
        to.id(m.id);
        to.text(m.name);
        to.address(m.address);
        to.number(m.weight);
        to.number((m.leaving ? 1u : 0u) | (m.is_settled ? 2u : 0u));
        to.number(m.since.value);
    }
    to.number(v.former_members.size());
    for (const auto& f : v.former_members) {
        to.id(f.id);
        to.number(f.since.value);
        to.number(f.removed.value);
    }
}

void put(canonical& to, const base::slot_map& map) {
    to.number(map.owners.size());
    for (const auto& id : map.owners) {
        to.id(id);
    }
    to.number(map.owner_index.size());
    for (const auto index : map.owner_index) {
        to.number(index);
    }
}

}  // namespace

slot slot_of(std::string_view name, const cluster_id& cluster, std::uint32_t slots) {
    // Both halves are random bits, so together they are a seed.
    const auto hash = XXH3_64bits_withSeed(name.data(), name.size(), cluster.high ^ cluster.low);
    return {static_cast<std::uint16_t>(slots == 0 ? 0 : hash % slots)};
}

std::uint64_t checksum(const view& v, const base::slot_map& map) {
    canonical bytes;
    put(bytes, v);
    put(bytes, map);
    return bytes.hash();
}

}  // namespace holdfast::ring
