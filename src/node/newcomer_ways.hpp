// What a voter has seen of the ways between itself and those that ask to join (JOIN-2).
//
// Each is asked for a number by stream and by datagram, in messages as large as any later one. Who
// sends it back, as large, has shown that this way works in both directions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/random.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "view/messages.hpp"

namespace holdfast::node {

class newcomer_ways {
public:
    struct question {
        views::way_probe what;      ///< without padding
        base::duration copy_age{};  ///< of the last one; zero: it was not asked before
    };

    newcomer_ways(const base::settings& settings, const endpoint& self, std::uint64_t seed)
        : settings_{settings}, address_{self}, random_{seed} {}

    /// It asks to join. What it is to be asked; nothing: too many ask at a time.
    [[nodiscard]] std::optional<question> asks(const peer_id& joiner, base::time_point now);
    /// True if it has been seen on both ways now, and was not before.
    [[nodiscard]] bool answered(const peer_id& joiner, const views::way_echo& answer,
                                bool by_stream, base::time_point now);
    [[nodiscard]] bool has_shown(const peer_id& joiner, base::time_point now) const;
    /// What it was asked last; nothing of who has not asked lately.
    [[nodiscard]] std::optional<views::way_probe> probe(const peer_id& joiner,
                                                        base::time_point now) const;
    void installed(const view& v);
    void invariants() const;

private:
    struct newcomer {
        std::uint64_t number = 0;
        base::time_point asked{};
        std::optional<base::time_point> by_stream;  // when it answered last
        std::optional<base::time_point> by_datagram;
    };
    [[nodiscard]] bool is_fresh(const std::optional<base::time_point>& at,
                                base::time_point now) const {
        return at && now - *at < settings_.lease;
    }

    const base::settings& settings_;
    endpoint address_;
    base::random_source random_;
    std::map<peer_id, newcomer> newcomers_;
};

}  // namespace holdfast::node
