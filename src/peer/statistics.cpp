#include "peer/statistics.hpp"

namespace holdfast::runtime {

void add(statistics& to, const node::statistics& of) {
    to.views_installed += of.views_installed;
    to.ballots_started += of.ballots_started;
    to.suspicions += of.suspicions;
    to.leases_lost += of.leases_lost;
    to.grants_given += of.grants_given;
    to.slots_gathered += of.slots_gathered;
    to.tables_received += of.tables_received;
    to.conflicts_reported += of.conflicts_reported;
    to.requests_refused += of.requests_refused;
    to.grants_taken += of.grants_taken;
    to.holds_lost += of.holds_lost;
    to.dropped += of.dropped;
}

void add(statistics& to, const net::transport_statistics& of) {
    to.datagrams_sent += of.datagrams_sent;
    to.datagrams_received += of.datagrams_received;
    to.frames_sent += of.frames_sent;
    to.frames_received += of.frames_received;
    to.bytes_sent += of.bytes_sent;
    to.bytes_received += of.bytes_received;
    to.writes += of.writes;
    to.reads += of.reads;
    to.not_authentic += of.not_authentic;
    to.replayed += of.replayed;
    to.malformed += of.malformed;
    to.lacked_memory += of.lacked_memory;
    to.dropped += of.dropped_full;
    to.connect_failures += of.connect_failures;
}

}  // namespace holdfast::runtime
