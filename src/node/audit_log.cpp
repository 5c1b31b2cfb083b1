#include "node/audit_log.hpp"

#include <algorithm>
#include <string>

#include "base/assert.hpp"

namespace holdfast::node {

using base::moment;
using base::time_point;

// ---- what is kept

void audit_log::take_over(const audit_history& found, bool is_on_disk, time_point now) {
    for (const auto& r : found.records) {
        records_.keep(r);
    }
    if (found.whole_since_ms != 0) {
        whole_since_ms_ = found.whole_since_ms;
    }
    written_ = found.records.size();
    replaces_ = !is_on_disk;
    is_dirty_ = settings_.keeps_epochs && replaces_ && !found.records.empty();
    write(now);
    invariants();
}

std::optional<audit_history> audit_log::all() const {
    return is_copying() ? std::nullopt : std::optional{kept()};
}

void audit_log::keep(const audit_record& what) {
    if (!records_.keep(what) || !settings_.keeps_epochs) {
        return;
    }
    is_dirty_ = true;
    if (changed_.size() == lock::archive::most) {
        replaces_ = true;  // the disk is slow: what is replaced meanwhile is not written
    }
    if (!replaces_) {
        changed_.push_back(what);
    }
}

void audit_log::note_whole_since(std::int64_t ms) {
    whole_since_ms_ = ms;
    is_dirty_ = settings_.keeps_epochs;
}

bool audit_log::store(const peer_id& from, const lock::store_record& given, time_point now) {
    keep(given.what);
    write(now);
    if (writes_since_ && !is_failing_ && *writes_since_ + settings_.lease <= now) {
        give_the_disk_up();  // before anything waited for it
    }
    const bool is_kept = !writes_since_ || is_failing_;
    if (!is_kept && waiting_.size() < most_waiting) {
        waiting_.emplace(std::pair{from, given.number}, last_write_ + (is_dirty_ ? 1 : 0));
    }
    invariants();
    return is_kept;
}

// ---- the disk

void audit_log::write(time_point now) {
    if (!is_dirty_ || writes_since_) {
        return;
    }
    replaces_ = replaces_ || written_ + changed_.size() > most_written;
    auto what = replaces_ ? records_.all() : std::move(changed_);
    written_ = what.size() + (replaces_ ? 0 : written_);
    out_.push(persist_records{self_,
                              ++last_write_,
                              replaces_,
                              {std::move(what), records_.whole_since_ms(whole_since_ms_)}});
    changed_.clear();
    is_dirty_ = false;
    replaces_ = false;
    writes_since_ = now;
}

void audit_log::persisted(std::uint64_t write_number, write_outcome is, time_point now) {
    if (!writes_since_ || write_number != last_write_) {
        return;
    }
    if (is != write_outcome::done) {
        stop_waiting();
        if (is == write_outcome::gone) {  // then all there is takes the place of that write
            writes_since_.reset();
            is_dirty_ = true;
            replaces_ = true;
            write(now);
        }
        invariants();
        return;
    }
    writes_since_.reset();
    for (auto i = waiting_.begin(); i != waiting_.end();) {
        const auto here = i++;
        if (here->second <= write_number) {
            out_.push(stored{here->first.first, here->first.second});
            waiting_.erase(here);
        }
    }
    write(now);
    is_failing_ = is_failing_ && writes_since_;
    invariants();
}

void audit_log::stop_waiting() {
    is_failing_ = true;
    for (const auto& [question, write_number] : std::exchange(waiting_, {})) {
        out_.push(stored{question.first, question.second});
    }
}

/// For now.
void audit_log::give_the_disk_up() {
    stop_waiting();
    out_.push(views::problem{errc::io_error,
                             "state_dir: a write of audit records has not finished. Until it "
                             "has, they are in memory only; look at the disk"});
}

void audit_log::tick(time_point now) {
    if (const auto due = deadline(); due && *due <= now) {
        give_the_disk_up();
        invariants();
    }
}

std::optional<time_point> audit_log::deadline() const {
    return waiting_.empty() ? std::nullopt : std::optional{*writes_since_ + settings_.lease};
}

// ---- seats that change hands

std::vector<peer_id> audit_log::installed(const view& v, const view* before, moment now) {
    quorum_ = v.quorum();
    const bool has_come = before == nullptr || !before->is_voter(self_);
    if (!v.is_voter(self_) || (!has_come && !is_copying())) {
        return {};
    }
    const bool is_founding = v.number.value == 1;  // there is no other to ask
    if (has_come) {
        copied_ = 0;
        copied_since_ms_ = 0;
        // What was stored at this seat while others filled it is not here until it is copied. Who
        // founds has all that was stored by whom it was before.
        note_whole_since(is_founding ? whole_since_ms_ : wall_ms(now));
        write(now.now);
    }
    std::vector<peer_id> to_ask;
    for (const auto& s : v.seats) {
        // while it still asks, only those that were not asked before
        const bool is_new = has_come || !before->is_voter(s.filled_by);
        if (!is_founding && !s.filled_by.is_nil() && s.filled_by != self_ && is_new) {
            to_ask.push_back(s.filled_by);
        }
    }
    invariants();
    return to_ask;
}

bool audit_log::hear(const lock::answered& a, time_point now) {
    const auto* read = std::get_if<lock::records_read>(&a.what);
    if (read == nullptr || questions_.erase(a.number) == 0) {
        return false;
    }
    for (const auto& r : read->records) {
        keep(r);
    }
    copied_since_ms_ = std::max(copied_since_ms_, read->whole_since_ms);
    if (++copied_ == quorum_) {
        note_whole_since(copied_since_ms_);
    }
    write(now);
    invariants();
    return true;
}

void audit_log::lost_the_others(moment now) {
    note_whole_since(std::max(whole_since_ms_, wall_ms(now)));
    write(now.now);
    invariants();
}

void audit_log::invariants() const {
    // Each answer that waits will be given: when a write is done, fails, or takes too long.
    HOLDFAST_ASSERT(waiting_.empty() || (writes_since_ && !is_failing_));
    HOLDFAST_ASSERT(!is_dirty_ || writes_since_);
    HOLDFAST_ASSERT(settings_.keeps_epochs || last_write_ == 0);
    HOLDFAST_ASSERT(changed_.size() <= lock::archive::most);
}

}  // namespace holdfast::node
