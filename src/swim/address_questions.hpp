// What was asked at which address, so that an answer shows who lives there (SEAL-3).
//
// Each question has a number of 64 random bits of its own: an answer to it was given after it was
// asked, and by the peer that was asked or by one that it told.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include <holdfast/ids.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"

namespace holdfast::swim {

class address_questions {
public:
    explicit address_questions(const base::settings& settings) : settings_{settings} {}

    void ask(std::uint64_t number, const endpoint& at, base::time_point now);
    /// Where the question with that number was asked; once, and for a lease.
    [[nodiscard]] std::optional<endpoint> take(std::uint64_t number, base::time_point now);
    /// True, and it counts as done: no other was asked there lately to find out who lives there.
    /// Peers that claim that address cannot make us ask again and again.
    [[nodiscard]] bool may_find_out(const endpoint& at, base::time_point now);

private:
    void forget_old(base::time_point now);

    struct question {
        endpoint at;
        base::time_point asked;
    };
    const base::settings& settings_;
    std::map<std::uint64_t, question> open_;
    std::map<endpoint, base::time_point> found_out_;
};

}  // namespace holdfast::swim
