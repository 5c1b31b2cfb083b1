// The worker processes of a chaos run and the network between them; each change is told to the
// history of the harness.
//
// Its lines, T being a time (two times: before and after the change), P a place:
//   start T P PID NAME       gone T P STATUS EXPECTED|UNEXPECTED
//   kill T P                 before the signal       leave T P       before SIGTERM       hung T P
//   it did not leave stop T T P               cont T T P              starve T P      feed T P
//   slow T P                 its disk        quick T P
//   link T T FROM TO clean|rough|cut
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "history.hpp"
#include "impaired_network.hpp"

namespace chaos {

struct fleet_options {
    std::size_t places = 7;
    std::size_t seats = 3;
    std::int64_t lease_ms = 1000;
    std::uint64_t seed = 0;
    std::string worker;      ///< the program
    std::string slow_fsync;  ///< what is preloaded, so that its disk can be slow
};

/// Which processes a process and its /proc know.
enum class process_ids : std::uint8_t {
    shared,
    own,                ///< a namespace of its own, under the /proc of all
    own_with_own_proc,  ///< and under its own, as in a container
};

class fleet {
public:
    fleet(const fleet_options& options, history& told);
    ~fleet();
    fleet(const fleet&) = delete;
    fleet& operator=(const fleet&) = delete;

    [[nodiscard]] std::size_t size() const { return places_.size(); }
    [[nodiscard]] bool is_up(std::size_t place) const { return places_[place].pid > 0; }
    [[nodiscard]] pid_t pid(std::size_t place) const { return places_[place].pid; }
    [[nodiscard]] const std::string& name(std::size_t place) const { return places_[place].name; }
    [[nodiscard]] std::int64_t age(std::size_t place) const {
        return now() - places_[place].started;
    }
    [[nodiscard]] test_support::impaired_network& network() { return network_; }
    /// the deaths that the harness did not cause
    [[nodiscard]] std::size_t deaths() const { return deaths_; }

    void start(std::size_t place, process_ids ids = process_ids::shared);
    void kill(std::size_t place);     ///< SIGKILL; returns when it is gone
    void leave(std::size_t place);    ///< SIGTERM; `reap` sees the end
    void give_up(std::size_t place);  ///< one that was told to leave and did not
    void stop(std::size_t place);
    void go_on(std::size_t place);
    void starve(std::size_t place);
    void feed(std::size_t place);
    /// Each fsync of its processes takes so long, until `quicken`.
    void slow_down(std::size_t place, std::chrono::milliseconds each);
    void quicken(std::size_t place);
    void reap();  ///< collects who has ended

    using link = std::pair<std::size_t, std::size_t>;  ///< from, to
    /// Impairs these links until `mend`, together with whatever else does.
    int impair(std::vector<link> links, const test_support::impairment& how);
    void mend(int which);

private:
    struct occupant {
        pid_t pid = -1;
        std::string name;
        std::int64_t started = 0;
        int starts = 0;
        bool is_leaving = false;
        bool is_starved = false;
    };
    struct impaired {
        int number;
        std::vector<link> links;
        test_support::impairment how;
    };

    void belong_to_the_harness() const;
    [[nodiscard]] std::vector<std::string> environment_of(std::size_t place) const;
    void signal(std::size_t place, int which) const;
    void ended(std::size_t place, int status, bool is_expected);
    void schedule(std::size_t place, int policy) const;
    void keep_hogs();
    void update_links();

    fleet_options options_;
    history& told_;
    int harness_;  ///< a descriptor of its process
    test_support::impaired_network network_;
    std::mt19937_64 random_;
    std::vector<occupant> places_;
    std::vector<pid_t> hogs_;
    std::list<impaired> impaired_;
    std::vector<std::vector<test_support::impairment>> links_;
    int last_number_ = 0;
    std::size_t deaths_ = 0;
};

}  // namespace chaos
