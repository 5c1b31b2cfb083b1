// What a scenario does to messages: which kinds it loses, delays or doubles, and what it does
// when one is sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "scenario.hpp"
#include "sim/interceptor.hpp"

namespace holdfast::scenarios {

class message_rules {
public:
    using place = std::uint32_t;
    using group = std::vector<place>;

    /// What happens to messages of one kind.
    struct rule {
        std::size_t line = 0;
        sim::message_kind kind{};
        std::optional<group> from;
        std::optional<group> to;
        std::optional<std::uint64_t> left;  ///< nothing: until "let pass"
        bool is_lost = false;
        bool is_doubled = false;
        base::duration delay{};
        std::optional<words> then;  ///< done once, after the event
        bool was_used = false;
    };
    /// An action of a rule that was met in the event that is under way.
    struct due_action {
        words then;
        place from;
        place to;
    };

    void add(rule r) { all_.push_back(std::move(r)); }
    void let_pass(sim::message_kind kind);
    [[nodiscard]] sim::interceptor::verdict sending(sim::message_kind kind, place from, place to);
    [[nodiscard]] std::vector<due_action> take_due();
    /// The line of a rule for whose kind no message was sent.
    [[nodiscard]] std::optional<std::size_t> unused_line() const;

private:
    std::vector<rule> all_;
    std::vector<due_action> due_;
};

}  // namespace holdfast::scenarios
