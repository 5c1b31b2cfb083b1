// What operators do to a simulated cluster: they request releases, break holds, evict processes,
// write audit records, and name other seats.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/context.hpp"
#include "sim/sim_process.hpp"

namespace holdfast::sim {

/// Each does what it does at the process at `place`.
class operators {
public:
    operators(context& shared, std::vector<sim_process>& processes)
        : context_{shared}, processes_{processes} {}

    /// Requests the release of this hold, or breaks it.
    void revoke_request(std::uint32_t place, judge::lock l, token t, lock::revoke_kind how,
                        const std::string& who);
    /// Evicts the process at `whom`.
    void evict(std::uint32_t place, std::uint32_t whom);
    /// FORCE-1: these places are to be the seats. False: its lease runs.
    bool force_new_cluster(std::uint32_t place, const std::vector<std::uint32_t>& seats);
    /// Requests the release of a hold that has long ended: only its audit records remain.
    void record(std::uint32_t place);
    void read_records(std::uint32_t place);
    /// How many records were read there, when that was last done and answered.
    [[nodiscard]] std::optional<std::size_t> records_read_at(std::uint32_t place) const;
    /// The owner at `place` breaks the holds whose grants were not answered yet (BREAK-1).
    void break_untaken(std::uint32_t place);

private:
    context& context_;
    std::vector<sim_process>& processes_;
};

}  // namespace holdfast::sim
