#include "explore/to_text.hpp"

#include "base/message_groups.hpp"
#include "node/message.hpp"
#include "wire/codec.hpp"

namespace holdfast::explore {
namespace {

using namespace views;

std::string text_of(const ballot& b) { return std::to_string(b.round) + "." + to_name(b.proposer); }

std::string text_of(const change& value) {
    std::string out = "view " + std::to_string(value.number.value) + " {";
    for (const auto& m : value.added) {
        out += " +" + to_name(m.id);
    }
    for (const auto& id : value.removed) {
        out += " -" + to_name(id);
    }
    return out + " }";
}

std::string details(const prepare& m) { return " " + text_of(m.ballot); }
std::string details(const promise& m) {
    return " " + text_of(m.ballot) +
           (m.accepted
                ? ", accepted " + text_of(m.accepted->ballot) + " " + text_of(m.accepted->value)
                : "");
}
std::string details(const rejected& m) {
    return " " + text_of(m.ballot) + ", promised " + text_of(m.promised);
}
std::string details(const accept& m) { return " " + text_of(m.ballot) + " " + text_of(m.value); }
std::string details(const accepted& m) { return " " + text_of(m.ballot); }
std::string details(const steps& m) {
    std::string out;
    for (const auto& s : m.in_order) {
        out += " " + text_of(s.what);
    }
    return out;
}
std::string details(const lock::report& m) {
    std::string out = " of view " + std::to_string(m.named.value) + " {";
    for (const auto& h : m.holds) {
        out += " " + explore::to_text(h.token);
    }
    return out + " }";
}
std::string details(const lock::table& m) {
    std::string out = " of view " + std::to_string(m.to_view.value) + " {";
    for (const auto& t : m.slots) {
        for (const auto& h : t.holds) {
            out += " " + explore::to_text(h.token) + " by " + to_name(h.holder);
        }
        for (const auto& w : t.queue) {
            out += " " + to_name(w.peer) + " waits";
        }
    }
    return out + " }";
}
std::string details(const auto& m) {
    if constexpr (requires { m.token; }) {
        return " " + explore::to_text(m.token);
    } else if constexpr (requires { m.lowest_pending; }) {
        return " " + std::to_string(m.number.value);
    }
    return {};
}

}  // namespace

std::string to_name(const peer_id& id) {
    constexpr std::uint64_t restarted = 10;
    const auto n = id.low > restarted ? id.low - restarted : id.low;
    return std::string(1, static_cast<char>('A' + n - 1)) + (id.low > restarted ? "'" : "");
}

std::string to_text(const token& t) {
    return std::to_string(t.of_epoch().value) + "#" + std::to_string(t.sequence());
}

std::string to_text(const message& what) {
    return std::string{wire::name_of(node::message{what})} +
           base::visit_message([](const auto& m) { return details(m); }, what);
}

std::string to_text(const lock::message& what) {
    return std::string{wire::name_of(node::message{what})} +
           base::visit_message([](const auto& m) { return details(m); }, what);
}

}  // namespace holdfast::explore
