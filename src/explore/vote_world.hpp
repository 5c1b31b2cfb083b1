// The small world of a vote: the three seats of view 2, of which some propose different changes for
// view 3.
//
// Every message that was sent may be received at any time, any number of times, or never: that is
// every order, delay, loss and duplication. Every timer may fire at any time. Bounded are the
// ballots that each seat starts, and the number of seats that restart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "explore/message_world.hpp"
#include "explore/search.hpp"
#include "explore/state_access.hpp"
#include "explore/transition_cache.hpp"
#include "view/agreement.hpp"
#include "wire/codec.hpp"

namespace holdfast::explore {

struct vote_options {
    /// Besides the joiner that each of the first two seats knows of and the other does not, the
    /// first one believes that a member without a seat is gone.
    bool has_removal = false;
    std::array<std::uint64_t, 3> ballots{1, 1, 0};  ///< so many each seat may start
    /// so many seats may crash and come back as another peer
    unsigned restarts = 0;
    bool restart_keeps_the_peer_id = false;  ///< a mutant
};

class vote_world final : public message_world {
public:
    explicit vote_world(const vote_options& options);
    ~vote_world() override;

    [[nodiscard]] words first() override;
    [[nodiscard]] std::string objection(state at) override;
    [[nodiscard]] std::string objection_at_end(state at) override;
    [[nodiscard]] std::string describe(state from, move what) override;

    static constexpr std::size_t seats = 3;

private:
    struct seat_facts;
    struct machine {
        std::size_t seat;
        views::agreement who;
    };
    struct sent_message {
        wire::packet what;
        endpoint to;  // when it names no receiver
        [[nodiscard]] friend fingerprint fingerprint_of(const sent_message& l) { return l.sum(); }
        [[nodiscard]] fingerprint sum() const;
    };
    struct summed_machine {
        machine of;
        fingerprint sum;
        std::string objection;  // it did something that is wrong whatever the others do
        [[nodiscard]] friend fingerprint fingerprint_of(const summed_machine& m) { return m.sum; }
    };
    /// What a message says was decided: the view number, and the change by number.
    struct decision {
        std::uint64_t number;
        std::uint32_t value;
    };
    struct message_facts {
        // the seat; none: it is there only to be looked at
        std::optional<std::size_t> receiver;
        std::vector<decision> decides;
    };
    using stage = transition_cache<summed_machine, sent_message>;

    [[nodiscard]] machine start(std::size_t seat, const peer_id& id) const;
    [[nodiscard]] const stage::reaction& react(std::uint32_t machine_number, std::uint32_t event);
    [[nodiscard]] stage::reaction settle(machine m);
    void say(const machine& m, const peer_id& to, const endpoint& at, const views::message& what,
             std::vector<std::uint32_t>& said);
    [[nodiscard]] std::uint32_t enter(machine m, std::string wrong);
    [[nodiscard]] std::uint32_t value_number(const views::change& value);
    [[nodiscard]] effect happen(std::uint32_t machine_number, std::uint32_t event) override {
        const auto& done = react(machine_number, event);
        return {done.machine, done.sent_messages};
    }
    [[nodiscard]] std::optional<std::size_t> receiver_of(std::uint32_t l) const override {
        return message_facts_[l].receiver;
    }
    [[nodiscard]] std::vector<std::uint32_t> own_events(state at, std::size_t place) const override;
    [[nodiscard]] bool is_within_bounds(std::uint32_t machine_number) const override;
    void note(words& at, std::size_t place, std::uint32_t before,
              std::uint32_t event) const override;
    [[nodiscard]] std::string wrong_remaining(state at, const views::step& decided);

    vote_options options_;
    std::array<base::settings, seats> settings_;
    std::array<std::unique_ptr<seat_facts>, seats> facts_;
    stage transitions_;
    numbering values_;
    std::vector<message_facts> message_facts_;  // by message
};

}  // namespace holdfast::explore
