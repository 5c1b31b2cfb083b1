// The audit records that a seat keeps, in memory and on its disk, and how a peer that comes to fill
// a seat copies them from the others (RECORD-1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/audit_log.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "lock/query_client.hpp"
#include "lock/records.hpp"
#include "node/audit.hpp"
#include "view/outputs.hpp"

namespace holdfast::node {

/// With a disk it answers that a record is kept when it is written, unless writes fail, or take
/// longer than A: then at once, for no operator is to wait for a disk. One write is under way at a
/// time.
class audit_log {
public:
    /// The record is on the disk: tell its writer.
    struct stored {
        peer_id to;
        std::uint64_t number = 0;
    };
    using output = std::variant<persist_records, stored, views::problem>;

    audit_log(const base::settings& settings, const peer_id& self, base::moment now)
        : settings_{settings}, self_{self}, whole_since_ms_{wall_ms(now)} {}

    /// Before anything else: what the state_dir has, or what the PeerId before this one had kept.
    /// `is_on_disk`: what comes later can be written behind it.
    void take_over(const audit_history& found, bool is_on_disk, base::time_point now);
    /// True: its writer may be told. False: `stored` says when, or it has to come again.
    [[nodiscard]] bool store(const peer_id& from, const lock::store_record& given,
                             base::time_point now);
    void persisted(std::uint64_t write, write_outcome is, base::time_point now);
    /// Nothing before a quorum of the seats has told what it remembers, or the time for that is up:
    /// until then the answer may lack what the previous voter of this seat would have told.
    [[nodiscard]] std::optional<audit_history> all() const;
    /// For the PeerId that comes after this one.
    [[nodiscard]] audit_history kept() const {
        return {records_.all(), records_.whole_since_ms(whole_since_ms_)};
    }

    /// The voters to ask now for their records. `before`: null for the first view.
    [[nodiscard]] std::vector<peer_id> installed(const view& v, const view* before,
                                                 base::moment now);
    /// One of them is being asked, under this number.
    void has_asked(std::uint64_t question) { questions_.insert(question); }
    /// False: these answer another question.
    [[nodiscard]] bool hear(const lock::answered& a, base::time_point now);
    [[nodiscard]] bool hear(const lock::unanswered& u) { return questions_.erase(u.number) != 0; }

    /// FORCE-1: others may have kept what is not here, and are gone for good.
    void lost_the_others(base::moment now);

    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }
    void invariants() const;

private:
    /// Answers that may wait for the disk. More come again (NET-2).
    static constexpr std::size_t most_waiting = 1024;
    /// Records in the file, former states of them counted, before it is written anew.
    static constexpr std::size_t most_written = 2 * lock::archive::most;

    [[nodiscard]] bool is_copying() const { return !questions_.empty() && copied_ < quorum_; }
    void keep(const audit_record& what);
    /// What is said of the whole has changed.
    void note_whole_since(std::int64_t ms);
    void write(base::time_point now);
    void stop_waiting();
    void give_the_disk_up();

    const base::settings& settings_;
    peer_id self_;
    lock::archive records_;
    std::int64_t whole_since_ms_;
    std::size_t quorum_ = 0;
    std::set<std::uint64_t> questions_;
    std::size_t copied_ = 0;  // how many of them were answered
    std::int64_t copied_since_ms_ = 0;

    bool is_dirty_ = false;              // something is to be written,
    std::vector<audit_record> changed_;  // these,
    bool replaces_ = true;               // or all there is
    std::size_t written_ = 0;
    std::uint64_t last_write_ = 0;
    std::optional<base::time_point> writes_since_;
    bool is_failing_ = false;  // until all is written
    // who waits for an answer, and the number of the write for which
    std::map<std::pair<peer_id, std::uint64_t>, std::uint64_t> waiting_;
    base::outbox<output> out_;
};

}  // namespace holdfast::node
