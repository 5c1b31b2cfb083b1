// What operators do: looking at locks, ending holds of others, and the records of that.
//
// Each function is one call of an application's thread, which waits. It stands above the driver,
// and asks it as the other callers do.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/audit_log.hpp>
#include <holdfast/breaking.hpp>
#include <holdfast/lock_report.hpp>
#include <holdfast/result.hpp>

#include "base/time.hpp"
#include "lock/quorum_query.hpp"
#include "peer/driver.hpp"

namespace holdfast::runtime {

/// Contracts: holdfast/peer.hpp.
class admin {
public:
    explicit admin(driver& d) : driver_{d} {}

    [[nodiscard]] result<lock_report> inspect(std::string_view name, base::duration wait);
    /// As its owner tells it for certain; else `timed_out`, with the reason.
    [[nodiscard]] result<lock_report> inspect_certain(std::string_view name, base::duration wait);
    [[nodiscard]] result<lock_list> list(base::duration wait);
    [[nodiscard]] result<break_outcome> revoke(lock::revoke_kind how, std::string_view name,
                                               holdfast::token token, break_options options);
    [[nodiscard]] result<void> evict(const peer_id& whom, break_options options);
    [[nodiscard]] result<audit_history> audit_log(base::duration wait);
    [[nodiscard]] result<void> force_new_cluster(const std::vector<std::string>& seats);

private:
    [[nodiscard]] result<std::map<peer_id, std::uint32_t>> slots_by_owner();
    [[nodiscard]] node::operator_words words_of(const break_options& options) const;
    [[nodiscard]] views::proof proof_of(const member& m, const break_options& options) const;
    /// The member, as this peer knows it.
    [[nodiscard]] result<member> find_member(const peer_id& whom);
    void append(lock_list& to, const peer_id& owner, const lock::listed& part);

    driver& driver_;
};

}  // namespace holdfast::runtime
