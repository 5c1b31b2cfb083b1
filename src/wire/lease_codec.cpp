#include "wire/archive.hpp"
#include "wire/codecs.hpp"

namespace holdfast::wire {

template <>
constexpr kind about<lease::renew_request>{0x40, "lease.renew_request"};
void fields(auto& a, is<lease::renew_request> auto& m) {
    a(m.seats, m.sent_at, m.is_running, m.epoch);
}

template <>
constexpr kind about<lease::ack>{0x41, "lease.ack"};
void fields(auto& a, is<lease::ack> auto& m) {
    a(m.seats, m.sent_at, m.lacks_descriptors, m.is_at_two_hosts);
}

void write_lease(pack::writer out, const lease::message& what) { write_message(out, what); }
bool read_lease(pack::reader& in, std::uint64_t kind, lease::message& what) {
    return read_message(in, kind, what);
}
std::string_view name_of_lease(const lease::message& what) { return name_of_message(what); }

}  // namespace holdfast::wire
