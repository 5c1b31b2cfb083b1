// How a peer is named in what a person reads.
#pragma once

#include <string>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

namespace holdfast::node {

/// `v` null: there is no view.
[[nodiscard]] inline std::string text_of(const peer_id& peer, const view* v) {
    const auto* m = v == nullptr ? nullptr : v->find(peer);
    return m == nullptr ? to_string(peer) : m->name + " (" + to_string(m->address) + ")";
}

}  // namespace holdfast::node
