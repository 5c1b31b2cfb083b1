#include "wire/archive.hpp"

#include <algorithm>
#include <memory>

namespace holdfast::wire {
namespace {

bool rises(const std::vector<peer_id>& ids) {
    return std::adjacent_find(ids.begin(), ids.end(), [](const peer_id& a, const peer_id& b) {
               return a >= b;
           }) == ids.end();
}

}  // namespace

// None, or one of [owners, how many slots, the owner of each as packed indices].
void writing::put(const base::shared_slot_map& map) {
    out_.array(map ? 1 : 0);
    if (!map) {
        return;
    }
    check(map->slots() <= base::limits::slots && rises(map->owners));
    out_.fields(3);
    put(list(map->owners, base::limits::members));
    out_.number(map->slots());
    out_.bytes(pack_indices(map->owner_index, map->owners.size()));
    out_.end_fields();
}

void reading::get(base::shared_slot_map& map) {
    if (in_.array(1) == 0) {
        return;
    }
    const auto unknown = in_.fields(3);
    auto made = std::make_shared<base::slot_map>();
    auto owners = list(made->owners, base::limits::members);
    get(owners);
    check(rises(made->owners));
    const auto slots = in_.number();
    check(slots <= base::limits::slots);
    const auto packed = in_.bytes(2 * base::limits::slots);
    in_.skip(unknown);
    if (in_.has_failed()) {
        return;
    }
    auto indices = unpack_indices(packed, made->owners.size(), static_cast<std::size_t>(slots));
    check(indices.has_value());
    if (indices) {
        made->owner_index = std::move(*indices);
        map = std::move(made);
    }
}

}  // namespace holdfast::wire
