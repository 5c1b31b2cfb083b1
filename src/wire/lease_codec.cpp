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
    a(m.seats, m.sent_at, m.lacks_descriptors, m.is_at_two_hosts, m.is_dialled_in_vain);
}

template <>
constexpr kind about<lease::waits_for>{0x42, "lease.waits_for"};
void fields(auto& a, is<lease::waits_for> auto& m) {
    a(list(m.whom, base::limits::members), m.bytes, list(m.asked, base::limits::members));
}

template <>
constexpr kind about<lease::way_question>{0x43, "lease.way_question"};
void fields(auto& a, is<lease::way_question> auto& m) {
    a(m.number, text(m.filler, lease::most_filler));
}

template <>
constexpr kind about<lease::way_answer>{0x44, "lease.way_answer"};
void fields(auto& a, is<lease::way_answer> auto& m) {
    a(m.number, text(m.filler, lease::most_filler));
}

void write_lease(pack::writer out, const lease::message& what) { write_message(out, what); }
bool read_lease(pack::reader& in, std::uint64_t kind, lease::message& what) {
    return read_message(in, kind, what);
}
std::string_view name_of_lease(const lease::message& what) { return name_of_message(what); }

}  // namespace holdfast::wire
