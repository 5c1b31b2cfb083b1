#include "wire/archive.hpp"
#include "wire/codecs.hpp"

namespace holdfast::wire {
namespace {

using base::limits;

// The dead of a day travel with the living, so that the frame bounds them; none takes fewer than 32
// bytes.
constexpr std::size_t most_of_a_roster = limits::frame / 32;

}  // namespace

void fields(auto& a, is<swim::rumour> auto& r) {
    a(one_of(r.state, swim::condition::alive, swim::condition::left), r.about, r.incarnation, r.by,
      text(r.name, limits::member_name), r.address);
}
void fields(auto& a, is<swim::introduction> auto& i) {
    a(i.incarnation, text(i.name, limits::member_name), i.address);
}

template <>
constexpr kind about<swim::ping>{0x10, "swim.ping"};
void fields(auto& a, is<swim::ping> auto& m) {
    a(m.sequence, m.target, m.sender, list(m.gossip, limits::gossip));
}

template <>
constexpr kind about<swim::ping_request>{0x11, "swim.ping_request"};
void fields(auto& a, is<swim::ping_request> auto& m) {
    a(m.sequence, m.target, m.target_address, m.sender, list(m.gossip, limits::gossip));
}

template <>
constexpr kind about<swim::ack>{0x12, "swim.ack"};
void fields(auto& a, is<swim::ack> auto& m) {
    a(m.sequence, m.sender, list(m.gossip, limits::gossip));
}

template <>
constexpr kind about<swim::nack>{0x13, "swim.nack"};
void fields(auto& a, is<swim::nack> auto& m) { a(m.sequence); }

template <>
constexpr kind about<swim::gossip>{0x14, "swim.gossip"};
void fields(auto& a, is<swim::gossip> auto& m) { a(list(m.rumours, limits::gossip)); }

template <>
constexpr kind about<swim::push_pull>{0x15, "swim.push_pull"};
void fields(auto& a, is<swim::push_pull> auto& m) {
    a(m.is_answer, m.sender, list(m.roster, most_of_a_roster), m.epoch);
}

void write_swim(pack::writer out, const swim::message& what) { write_message(out, what); }
bool read_swim(pack::reader& in, std::uint64_t kind, swim::message& what) {
    return read_message(in, kind, what);
}
std::string_view name_of_swim(const swim::message& what) { return name_of_message(what); }

}  // namespace holdfast::wire
