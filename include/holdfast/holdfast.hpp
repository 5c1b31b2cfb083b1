// Everything: distributed locks, leader election and membership from a program's own fleet, with no
// lock server.
//
//     auto peer = holdfast::peer::start({.name = "worker-1", .listen = "10.0.0.7:4653",
//                                        .seeds = {"10.0.0.1:4653", "10.0.0.2:4653",
//                                        "10.0.0.3:4653"}, .key_file = "/etc/holdfast.key"});
//     auto hold = peer->lock("orders/42", {.wait = 5s});
//     if (hold) { write(hold->token()); }
#pragma once

#include <holdfast/audit_log.hpp>
#include <holdfast/await.hpp>
#include <holdfast/breaking.hpp>
#include <holdfast/config.hpp>
#include <holdfast/election.hpp>
#include <holdfast/error.hpp>
#include <holdfast/events.hpp>
#include <holdfast/file_gate.hpp>
#include <holdfast/gate.hpp>
#include <holdfast/group.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/http_gate.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/lock_report.hpp>
#include <holdfast/mode.hpp>
#include <holdfast/mutex.hpp>
#include <holdfast/peer.hpp>
#include <holdfast/previous_hold.hpp>
#include <holdfast/printable.hpp>
#include <holdfast/recursive_mutex.hpp>
#include <holdfast/result.hpp>
#include <holdfast/shared_mutex.hpp>
#include <holdfast/sql_gate.hpp>
#include <holdfast/token.hpp>
#include <holdfast/version.hpp>
#include <holdfast/view.hpp>
#include <holdfast/watch.hpp>
