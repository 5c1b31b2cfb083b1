// Which members answer this voter at the size of a message that one of them waits for (VIEW-9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/settings.hpp"
#include "base/time.hpp"
#include "lease/messages.hpp"

namespace holdfast::lease {

/// A member that has waited too long names those it waits for. That is a question, not an
/// accusation: the voter asks them itself, and as well the member that named them, and two more,
/// for its own streams may be at fault. Who is silent while others answer is mute.
class way_watch {
public:
    struct question {
        peer_id to;
        way_question what;
        base::duration copy_age{};  ///< of the last one; zero: it was not asked before
    };

    /// More than two full segments of any usual network: a report, whose size is not known to who
    /// waits for it, may be lost for its size alone.
    static constexpr std::size_t least_size = 20'000;

    way_watch(const base::settings& settings, const peer_id& self)
        : settings_{settings}, self_{self} {}

    void installed(const view& now_installed);
    /// `by`, a member, has waited too long for others.
    void told(const peer_id& by, const waits_for& what, const view& current, base::time_point now);
    /// By stream.
    void heard(const peer_id& from, const way_answer& answer, base::time_point now);
    /// A part of a message came from it by stream: it is slow, not mute.
    void brought_part(const peer_id& from, base::time_point now);
    /// What to ask now.
    [[nodiscard]] std::vector<question> due(base::time_point now);
    /// Who was found mute since the last call.
    [[nodiscard]] std::vector<peer_id> newly_found(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;

    /// It has been asked for 2A, and longer if for much, and is silent, while another one answered.
    [[nodiscard]] bool is_mute(const peer_id& peer, base::time_point now) const;
    /// Another member that was asked has answered within A: what comes by stream is read here.
    [[nodiscard]] bool hears_other_than(const peer_id& peer, base::time_point now) const;
    void invariants() const;

private:
    struct record {
        std::size_t size = least_size;
        base::time_point until{};  // for so long it is asked
        base::time_point next{};   // when it is asked next
        std::uint64_t number = 0;  // of the last question
        bool is_open = false;      // that is not answered
        base::time_point asked{};  // since when
        bool is_said = false;      // that it is mute
        std::optional<base::time_point> answered{};
    };

    void ask(const peer_id& whom, std::size_t size, base::time_point now);
    /// What a slow way takes for a question that is larger than the least: a second for 64,000
    /// bytes.
    [[nodiscard]] static base::duration passage(const record& r);
    /// For so long it may be silent. Who takes a large question slowly brings no part of anything.
    [[nodiscard]] base::duration patience(const record& r) const;

    const base::settings& settings_;
    peer_id self_;
    std::map<peer_id, record> records_;
    std::uint64_t last_number_ = 0;
};

}  // namespace holdfast::lease
