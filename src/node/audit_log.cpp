#include "node/audit_log.hpp"

#include <variant>

namespace holdfast::node {

std::optional<std::vector<audit_record>> audit_log::all() const {
    return is_copying() ? std::nullopt : std::optional{records_.all()};
}

std::vector<peer_id> audit_log::installed(const view& now, const view* before) {
    quorum_ = now.quorum();
    const bool is_founding = now.number.value == 1;  // there is nothing to remember yet
    const bool has_come = before == nullptr || !before->is_voter(self_);
    if (is_founding || !now.is_voter(self_) || (!has_come && !is_copying())) {
        return {};
    }
    if (has_come) {
        copied_ = 0;
    }
    std::vector<peer_id> to_ask;
    for (const auto& s : now.seats) {
        // while it still asks, only those that were not asked before
        const bool is_new = has_come || !before->is_voter(s.filled_by);
        if (!s.filled_by.is_nil() && s.filled_by != self_ && is_new) {
            to_ask.push_back(s.filled_by);
        }
    }
    return to_ask;
}

bool audit_log::hear(const lock::answered& a) {
    const auto* read = std::get_if<lock::records_read>(&a.what);
    if (read == nullptr || questions_.erase(a.number) == 0) {
        return false;
    }
    ++copied_;
    for (const auto& r : read->records) {
        records_.keep(r);
    }
    return true;
}

}  // namespace holdfast::node
