// A scenario acted out: real nodes in virtual time, on a network without faults of its own, watched
// by the judge.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lock/multi_lock.hpp"
#include "message_rules.hpp"
#include "scenario.hpp"
#include "sim/cluster.hpp"
#include "trace_recorder.hpp"

namespace holdfast::scenarios {

/// How a scenario went.
struct outcome {
    std::string failure;  ///< the first step that did not come true; empty: all did
    std::vector<sim::violation> violations;
    std::string trace;
};

class runner final : public sim::application, public sim::interceptor, public sim::observer {
public:
    runner(const scenario& s, sim::mutant mutant);

    [[nodiscard]] outcome act();

private:
    using place = std::uint32_t;
    using group = std::vector<place>;
    using condition = std::function<bool()>;

    /// What a process has of a lock.
    struct stake {
        enum class state : std::uint8_t { none, waiting, held, failed, lost } is = state::none;
        request_number number;
        token held;
        errc why{};
        end_reason before{};
        bool release_requested = false;
        bool has_risen = false;  // its token is above all of that lock before it
    };
    /// Several locks that a process wants, or has, at once.
    struct bundle {
        lock::multi_lock all;
        std::vector<sim::judge::lock> locks;
        std::uint64_t together = 0;
        sim::acquire_how how;
        bool is_done = false;  // it had all of them
    };
    enum class interception : std::uint8_t { loses, delays, doubles };

    // ---- what the cluster tells
    void started(place at) override;
    void ended(place at) override;
    void resumed(place at) override;
    void granted(place at, request_number number, sim::judge::lock l, token t,
                 bool is_clean) override;
    void failed(place at, request_number number) override;
    void lost(place at, sim::judge::lock l, token t) override;
    void release_request(place at, sim::judge::lock l, token t) override;
    verdict sending(sim::message_kind kind, place from, place to) override {
        return rules_.sending(kind, from, to);
    }
    void saw(place at, const node::output& what) override;

    // ---- time
    void run_until(sim::instant end);
    /// Until it is true; false if it never was before `end`.
    bool run_until(const condition& c, sim::instant end);
    void one_event();
    void stop_if_it_went_wrong() const;
    void end_of_scenario();

    // ---- steps
    void step(words w);
    void act_out(words w);
    void act_of(words w);
    void intercept(words w, interception how);
    [[nodiscard]] message_rules::rule rule_of(words& w);
    void replay(words w);
    using parts_link = void (sim::network::*)(place from, place to);
    void part(words w, parts_link how, std::vector<std::pair<place, place>>& parted);
    void heal_cuts();
    void crash(place at);
    bool sets_disks(words& w);
    void set_disks(const group& whose, const sim::disk_plan& plan);
    [[nodiscard]] condition condition_of(words w);
    [[nodiscard]] condition condition_about(const group& those, words w);

    // ---- words
    [[nodiscard]] group take_group(words& w, const group* others_than = nullptr);
    [[nodiscard]] std::optional<place> place_of(const words& w, const std::string& name) const;
    [[nodiscard]] sim::judge::lock take_lock(words& w) const;
    [[nodiscard]] errc take_reason(words& w) const;
    void lock_several(const group& who, words w);
    void go_on_with(place at);
    void revoke_request(const group& who, lock::revoke_kind how, words w);
    [[nodiscard]] sim::message_kind take_kind(words& w) const;
    [[nodiscard]] stake& stake_of(place at, sim::judge::lock l) { return stakes_[at][l]; }
    [[nodiscard]] bool holds(place at, sim::judge::lock l);

    sim::run_plan plan_;
    const scenario& scenario_;
    sim::trace names_{nullptr};
    sim::event_queue events_;
    sim::judge judge_;
    sim::cluster machines_;
    trace_recorder trace_recorder_;
    std::vector<std::vector<stake>> stakes_;  // by place and lock
    std::vector<token> highest_tokens_;       // by lock
    std::map<place, bundle> bundles_;
    std::uint64_t last_together_ = 0;
    std::map<std::string, place> called_;
    message_rules rules_;
    std::vector<std::pair<place, place>> cuts_;
    std::vector<std::pair<place, place>> mutes_;
    std::vector<std::pair<place, place>> narrows_;
    std::vector<std::vector<errc>> problems_;
    std::map<place, std::string> last_looked_;
    // by whom what lock was looked at
    std::map<std::pair<place, std::string>, std::set<peer_id>> seen_holders_;
    sim::instant last_relay_{};
    errc why_failed_{};
    errc why_lost_{};
    std::uint64_t looks_ = 0;
    bool is_time_up_ = false;
};

}  // namespace holdfast::scenarios
