#include "node/told_epoch.hpp"

#include <variant>

namespace holdfast::node {

void tell_epoch(message& what, epoch agreed) {
    if (auto* l = std::get_if<lease::message>(&what)) {
        if (auto* asked = std::get_if<lease::renew_request>(l)) {
            asked->epoch = agreed;
        }
    } else if (auto* s = std::get_if<swim::message>(&what)) {
        if (auto* rosters = std::get_if<swim::push_pull>(s)) {
            rosters->epoch = agreed;
        }
    }
}

epoch told_epoch(const message& what) {
    if (const auto* l = std::get_if<lease::message>(&what)) {
        const auto* asked = std::get_if<lease::renew_request>(l);
        return asked != nullptr ? asked->epoch : epoch{};
    }
    const auto* s = std::get_if<swim::message>(&what);
    const auto* rosters = s != nullptr ? std::get_if<swim::push_pull>(s) : nullptr;
    return rosters != nullptr ? rosters->epoch : epoch{};
}

}  // namespace holdfast::node
