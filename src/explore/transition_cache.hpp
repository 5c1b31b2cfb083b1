// The machines of a world and their messages, by number.
//
// A machine is a function of its state and its input, so each pair of these is tried once with the
// real code and looked up from then on (the idea is that of Guerraoui and Yabandeh: Model Checking
// a Networked System Without the Network, 2011: the states of one machine are few, only their
// combinations are many).
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "explore/table.hpp"

namespace holdfast::explore {

/// `Machine` and `Letter` have a function `fingerprint_of`.
template <class Machine, class Letter>
class transition_cache {
public:
    /// What a machine did with one input.
    struct reaction {
        std::uint32_t machine = 0;                 ///< its state afterwards
        std::vector<std::uint32_t> sent_messages;  ///< the messages that it sent
    };

    std::uint32_t enter(Machine what) {
        const auto [number, is_new] = machine_numbers_.number_of(fingerprint_of(what));
        if (is_new) {
            machines_.push_back(std::move(what));
        }
        return number;
    }
    std::uint32_t post(Letter what) {
        const auto [number, is_new] = letter_numbers_.number_of(fingerprint_of(what));
        if (is_new) {
            messages_.push_back(std::move(what));
        }
        return number;
    }
    /// `how(machine)` is called once for each machine and event.
    template <class How>
    const reaction& react(std::uint32_t machine, std::uint32_t event, How how) {
        const auto key = std::uint64_t{machine} << 32 | event;
        if (const auto known = reactions_.find(key); known != reactions_.end()) {
            return known->second;
        }
        auto done = how(machines_[machine]);
        return reactions_.emplace(key, std::move(done)).first->second;
    }

    [[nodiscard]] const Machine& machine(std::uint32_t number) const { return machines_[number]; }
    [[nodiscard]] const Letter& sent_message(std::uint32_t number) const {
        return messages_[number];
    }
    [[nodiscard]] std::size_t machines() const { return machines_.size(); }
    [[nodiscard]] std::size_t sent_messages() const { return messages_.size(); }
    [[nodiscard]] std::size_t reactions() const { return reactions_.size(); }

private:
    numbering machine_numbers_;
    numbering letter_numbers_;
    std::deque<Machine> machines_;
    std::deque<Letter> messages_;
    std::unordered_map<std::uint64_t, reaction> reactions_;
};

}  // namespace holdfast::explore
