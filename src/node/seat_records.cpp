// RECORD-1: what a seat does with audit records.
#include <utility>

#include "node/state.hpp"

namespace holdfast::node {

using base::moment;
using base::time_point;

void node::state::on_seat(const peer_id& from, const lock::read_records& wanted, time_point now) {
    if (auto all = audit_log.all()) {
        mail.send_lock(
            {from, lock::records_read{wanted.number, std::move(all->records), all->whole_since_ms}},
            now);
    }
}

void node::state::on_seat(const peer_id& from, const lock::store_record& given, time_point now) {
    const auto& v = agreement.current();
    if (v && v->has(from) && audit_log.store(from, given, now)) {
        mail.send_lock({from, lock::record_stored{given.number}}, now);
    }
}

void node::state::from_audit_log(const holdfast::node::audit_log::stored& s) {
    mail.send_lock({s.to, lock::record_stored{s.number}}, last_now);
}

void node::take_over(const audit_history& found, bool is_on_disk, moment now) {
    auto& s = *state_;
    s.begin(now);
    s.audit_log.take_over(found, is_on_disk, now.now);
    s.end_call(now);
}

audit_history node::kept_records() const { return state_->audit_log.kept(); }

void node::records_persisted(const peer_id& by, std::uint64_t number, write_outcome is,
                             moment now) {
    auto& s = *state_;
    s.begin(now);
    if (!s.is_over && by == s.self) {
        s.audit_log.persisted(number, is, now.now);
    }
    s.end_call(now);
}

}  // namespace holdfast::node
