// What goes wrong, when, and to whom: the faults a seed has drawn, one after another and several at
// a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "sim/cluster.hpp"
#include "sim/event_queue.hpp"
#include "sim/scenario.hpp"

namespace holdfast::sim {

class faults final : public meddler {
public:
    faults(const scenario& plan, std::uint64_t seed, cluster& machines, event_queue& events);

    /// next_fault, end_of_fault, fault_now.
    void handle(const event& e);
    verdict sending(message_kind kind, std::uint32_t from, std::uint32_t to) override;
    /// Everything that lasts ends now, and nothing new begins.
    void mend();

    [[nodiscard]] const std::array<std::uint64_t, fault_kinds>& injected() const {
        return injected_;
    }

private:
    using link = std::pair<std::uint32_t, std::uint32_t>;
    using group = std::vector<std::uint32_t>;
    /// What lasts until it is taken back.
    struct lasting {
        std::vector<link> cut;
        std::vector<link> slowed;
        std::optional<std::uint32_t> slandered;
        bool is_burial = false;
        bool holds_tables_up = false;
    };
    enum class fate : std::uint8_t { spared, crashes, pauses, is_isolated };
    struct ambush {
        message_kind waits_for{};
        instant until{};
        bool loses = false;
        base::duration delay{};
        fate sender = fate::spared;
        fate receiver = fate::spared;
    };

    void inject(fault f);
    void orphan();
    void orphan_a_lock_of(std::uint32_t owner);
    void rush(std::uint32_t left);
    void split();
    void isolate(const group& lonely, base::duration how_long);
    std::uint64_t cut_off(const group& some, bool from_them, bool to_them, base::duration how_long,
                          bool is_burial = false);
    void set_ambush();
    void befalls(fate f, std::uint32_t place);
    void abuse_clock(std::uint32_t place);
    void bury(std::uint32_t place);
    void unearth();
    std::uint64_t begin(lasting what, base::duration how_long);
    void end(const lasting& what);

    [[nodiscard]] std::uint32_t anyone();
    /// Whoever matters: the owner or the holder of a lock, or anyone.
    [[nodiscard]] std::uint32_t victim();
    [[nodiscard]] base::duration up_to(base::duration longest);
    [[nodiscard]] bool is_slandered(std::uint32_t place) const { return slandered_[place] > 0; }

    const scenario& plan_;
    base::random_source random_;
    cluster& machines_;
    event_queue& events_;
    std::map<std::uint64_t, lasting> lasting_;
    std::uint64_t last_id_ = 0;
    std::vector<unsigned> slandered_;
    std::optional<ambush> ambush_;
    std::optional<std::uint32_t> buried_;     // cut off until its removal is voted on
    std::uint64_t burial_ = 0;                // the cut, as in lasting_
    std::optional<std::uint32_t> unearthed_;  // heard for a moment
    // its lease requests are lost, its owner's side lives on
    std::optional<std::uint32_t> mute_;
    bool is_orphaned_ = false;  // the holder of one of its locks is cut off
    bool is_rushing_ = false;
    unsigned held_up_tables_ = 0;
    bool is_mended_ = false;
    std::array<std::uint64_t, fault_kinds> injected_{};
};

}  // namespace holdfast::sim
