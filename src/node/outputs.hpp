// What a node wants done, and what it tells its driver.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <variant>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/slot_map.hpp"
#include "base/time.hpp"
#include "lease/mute_watch.hpp"
#include "lock/outputs.hpp"
#include "lock/query_client.hpp"
#include "node/audit.hpp"
#include "node/message.hpp"
#include "node/process_watch.hpp"
#include "swim/outputs.hpp"
#include "view/outputs.hpp"

namespace holdfast::node {

// ---- what a node wants done

/// Send `what`. `stream`: over TCP, else a datagram (which falls back to the stream when it does
/// not fit). `address` nil: on a stream that its receiver has dialled, or not at all. `is_lazy`:
/// may wait a moment for company (a release for which no request is known to wait). `copy_age`:
/// zero for a first copy. Else it was sent before, and is left out while bytes for that peer that
/// are at least so old are under way on the stream: the former copy may be one of them (LOAD-4).
struct send {
    envelope head;
    endpoint address;
    bool stream = false;
    bool is_lazy = false;
    message what;
    base::duration copy_age{};
};
using persist_mark = views::persist;  // and persist_records (node/audit.hpp)
/// LEASE-8: dial another stream to that peer, beside those that there are, and call
/// dialled_again(), unless the system has no descriptor left for it. Once it is proven it takes the
/// place of the others.
struct dial_again {
    peer_id peer;
    endpoint address;
};

// ---- what a node tells its driver

// What the parts say is said once, by them.
using granted = lock::was_granted;
using request_failed = lock::has_failed;
using hold_lost = lock::was_lost;
using hold_stalled = lock::hold_stalled;
using release_requested = lock::release_requested;
using broke_by_policy = lock::broke_by_policy;
using lock_changed = lock::state_changed;
using liveness_changed = swim::liveness_changed;
using problem = views::problem;
/// To ask(): the final answer, or the end of the time for it.
using answered = lock::answered;
using unanswered = lock::unanswered;
// To operators: audit_recorded, audit_ended, audit_log_read, record_written (node/audit.hpp).

/// The lease is late to be renewed (true), or was renewed again (false).
struct at_risk {
    bool is_at_risk = false;
};
struct view_installed {
    std::shared_ptr<const holdfast::view> view;
    base::shared_slot_map map;
};
/// CERT-1: look whether this process of our machine is there; if not, call process_is_gone().
struct check_process {
    peer_id peer;
    process_identity process;
};
/// This PeerId is over; all its rights have ended and every hold was reported lost. The driver
/// makes a new node, with a new PeerId and successor_settings() (node/succession.hpp).
struct must_restart {
    errc why{};
    base::remembered_epochs epochs;
    peer_id self;
    std::size_t removals_without_lease = 0;  ///< in a row (JOIN-1)
};
/// leave() is done: slots handed over, holds released, lease ended.
struct has_left {};
/// The owner's side granted a lock. Only observed (statistics, the simulator's judge).
struct owner_granted {
    std::string name;
    holdfast::token token;
    peer_id holder;
    request_number number;
    view_number in;
};
using output =
    std::variant<send, persist_mark, persist_records, dial_again, granted, request_failed,
                 hold_lost, hold_stalled, release_requested, broke_by_policy, answered, unanswered,
                 at_risk, view_installed, liveness_changed, lock_changed, check_process,
                 watch_process, unwatch_process, audit_recorded, audit_ended, audit_log_read,
                 record_written, must_restart, has_left, problem, owner_granted>;

}  // namespace holdfast::node
