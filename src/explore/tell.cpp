#include "explore/tell.hpp"

#include "node/message.hpp"
#include "wire/codec.hpp"

namespace holdfast::explore {
namespace {

using namespace view_layer;

std::string tell(const ballot& b) { return std::to_string(b.round) + "." + to_name(b.proposer); }

std::string tell(const change& value) {
    std::string out = "view " + std::to_string(value.number.value) + " {";
    for (const auto& m : value.added) {
        out += " +" + to_name(m.id);
    }
    for (const auto& id : value.removed) {
        out += " -" + to_name(id);
    }
    return out + " }";
}

std::string details(const prepare& m) { return " " + tell(m.ballot); }
std::string details(const promise& m) {
    return " " + tell(m.ballot) + (m.accepted ? ", accepted " + tell(m.accepted->ballot) + " " + tell(m.accepted->value) : "");
}
std::string details(const rejected& m) { return " " + tell(m.ballot) + ", promised " + tell(m.promised); }
std::string details(const accept& m) { return " " + tell(m.ballot) + " " + tell(m.value); }
std::string details(const accepted& m) { return " " + tell(m.ballot); }
std::string details(const steps& m) {
    std::string out;
    for (const auto& s : m.in_order) {
        out += " " + tell(s.what);
    }
    return out;
}
std::string details(const auto&) { return {}; }

}  // namespace

std::string to_name(const peer_id& id) {
    constexpr std::uint64_t restarted = 10;
    const auto n = id.low > restarted ? id.low - restarted : id.low;
    return std::string(1, static_cast<char>('A' + n - 1)) + (id.low > restarted ? "'" : "");
}

std::string tell(const message& what) {
    return std::string{wire::name_of(node::message{what})} + std::visit([](const auto& m) { return details(m); }, what);
}

}  // namespace holdfast::explore
