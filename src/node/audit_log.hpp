// The audit records that a seat keeps, and how a peer that comes to fill a seat copies them from
// the others (RECORD-1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include <holdfast/audit_log.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "lock/query_client.hpp"
#include "lock/records.hpp"

namespace holdfast::node {

class audit_log {
public:
    explicit audit_log(const peer_id& self) : self_{self} {}

    void keep(const audit_record& what) { records_.keep(what); }
    /// Nothing before a quorum of the seats has told what it remembers, or the time for that is up:
    /// until then the answer may lack what the previous voter of this seat would have told.
    [[nodiscard]] std::optional<std::vector<audit_record>> all() const;

    /// The voters to ask now for their records. `before`: null for the first view.
    [[nodiscard]] std::vector<peer_id> installed(const view& now, const view* before);
    /// One of them is being asked, under this number.
    void has_asked(std::uint64_t question) { questions_.insert(question); }
    /// False: these answer another question.
    [[nodiscard]] bool hear(const lock::answered& a);
    [[nodiscard]] bool hear(const lock::unanswered& u) { return questions_.erase(u.number) != 0; }

private:
    [[nodiscard]] bool is_copying() const { return !questions_.empty() && copied_ < quorum_; }

    peer_id self_;
    lock::archive records_;
    std::size_t quorum_ = 0;
    std::set<std::uint64_t> questions_;
    std::size_t copied_ = 0;  // how many of them were answered
};

}  // namespace holdfast::node
