// Whether the ways between a joiner and a voter work (JOIN-1, JOIN-2): how large what they send
// each other is, and what is done about the answers.
#include <algorithm>
#include <variant>

#include "node/state.hpp"

namespace holdfast::node {
namespace {

constexpr auto padding_of_datagrams = static_cast<std::uint32_t>(base::limits::datagram_padding);
constexpr std::uint32_t least_padding_of_streams = 4096;

/// Two segments: so one of them is as large as any.
std::uint32_t padding_of_stream(std::uint32_t segment) {
    constexpr auto most = static_cast<std::uint32_t>(base::limits::padding);
    return segment > most / 2 ? most : std::max(2 * segment, least_padding_of_streams);
}

}  // namespace

void node::state::send_large(const peer_id& to, const endpoint& at, views::way_message what,
                             const base::way& like, base::duration copy_age) {
    const bool by_stream = like.is_stream();
    std::visit(
        [&](auto& m) {
            m.padding = by_stream ? padding_of_stream(like.segment) : padding_of_datagrams;
        },
        what);
    mail.send_to(to, at, by_stream, false, views::message{what}, copy_age);
}

void node::state::from_view(views::newcomer& n, base::moment now) {
    const auto asked = newcomers.asks(n.id, now.now);
    if (!asked) {
        return;
    }
    // LOAD-4: on a way that takes no large message they would pile up
    send_large(n.id, n.at, asked->what, {{}, {}, shown_segment}, asked->copy_age);
    send_large(n.id, n.at, asked->what, {n.at, {}, 0}, {});
}

void node::state::handle_ways(const peer_id& from, const base::way& came,
                              const views::way_message& what, base::time_point now) {
    if (const auto* asked = std::get_if<views::way_probe>(&what)) {
        if (!agreement.current()) {
            seats.heard(from, *asked, now);
            // To where it lives, and not to where it was sent from: so all is sent to it later.
            send_large(from, asked->seat, views::way_echo{asked->number, 0}, came, {});
            agreement.surroundings_changed(now);
        }
    } else if (newcomers.answered(from, std::get<views::way_echo>(what), came.is_stream(), now)) {
        agreement.surroundings_changed(now);
        if (const auto told = newcomers.probe(from, now)) {
            // so that it need not ask once more to hear of that
            send_large(from, {}, *told, {{}, {}, came.segment}, {});
        }
    }
}

/// JOIN-1. It had a view: who was never welcomed asks again at once.
std::size_t node::state::removals_without_lease(errc why) const {
    if (why != errc::evicted || !agreement.current() || lease.is_running()) {
        return 0;
    }
    return 1 + (has_been_leased ? 0 : settings.removals_without_lease);
}

void node::state::tell_of_ways_to(const peer_id& from, const lease::ack& answer,
                                  base::time_point now) {
    const auto& v = agreement.current();
    if (!v || !v->is_voter(from)) {
        return;
    }
    dialled_in_vain.set_failing(from, answer.is_dialled_in_vain, now);
    if (const auto who = dialled_in_vain.to_complain_of(*v, now)) {
        out.push(problem{errc::io_error,
                         "no majority of the seats can connect by TCP to " +
                             to_string(settings.address) +
                             ", where this peer says that it listens, so it owns no locks "
                             "(NET-4). In vain tried " +
                             *who +
                             ": see whether that address is right, and whether a firewall at "
                             "this host lets TCP in"});
    }
    without_datagrams.set_failing(from, renewal.hears_streams_only(from, now), now);
    if (const auto who = without_datagrams.to_complain_of(*v, now)) {
        out.push(problem{errc::io_error,
                         "no majority of the seats answers by UDP, so the lease is renewed by "
                         "TCP until they do (NET-4). Nothing comes from " +
                             *who + ": see whether a firewall lets UDP pass both ways"});
    }
}

void node::state::tell_of_ways(base::time_point now) {
    if (!agreement.current()) {
        if (auto wrong = seats.complaint(now)) {
            out.push(std::move(*wrong));
        }
    }
}

}  // namespace holdfast::node
