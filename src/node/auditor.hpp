// What this peer does to holds and members because an operator requests it: it is recorded at a
// majority of the seats before it is done, and again with the outcome. What it does by the policy
// of a hold is recorded while it is done (RECORD-1).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <variant>

#include <holdfast/audit_log.hpp>
#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/token.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "lock/query_client.hpp"
#include "lock/quorum_query.hpp"
#include "node/audit.hpp"
#include "node/outputs.hpp"
#include "view/messages.hpp"

namespace holdfast::node {

class auditor {
public:
    using output = std::variant<audit_recorded, audit_ended, audit_log_read, record_written>;

    /// Puts its questions to `query_client`; what that hears is told to hear().
    auditor(const base::settings& settings, const peer_id& self, lock::query_client& query_client)
        : settings_{settings}, self_{self}, inquirer_{query_client} {}

    /// Has a hold asked back or broken (BREAK-1). Ends in `audit_ended` with the number returned.
    [[nodiscard]] std::uint64_t revoke(const revocation& wanted, base::time_point until,
                                       base::moment now);
    /// Is to have a member removed (VIEW-8): `audit_recorded` says when act() may be called.
    [[nodiscard]] std::uint64_t evict(const peer_id& whom, const operator_words& by,
                                      base::time_point until, base::moment now);
    struct eviction {
        peer_id whom;
        base::time_point until;
        std::string who;
    };
    /// What to do now. Nothing: there is no such eviction, it is not recorded yet, or the member is
    /// gone already.
    [[nodiscard]] std::optional<eviction> act(std::uint64_t number, views::proof proof,
                                              base::time_point now);
    /// Records what an owner does by the policy of a hold. Nothing waits for it.
    void record_break(const broke_by_policy& done, base::moment now);
    /// Ends in `audit_log_read`.
    [[nodiscard]] std::uint64_t read(base::time_point until, base::moment now);

    /// False: this answers a question of others.
    [[nodiscard]] bool hear(const lock::answered& a, base::time_point now);
    [[nodiscard]] bool hear(const lock::unanswered& u, base::time_point now);
    void installed(std::shared_ptr<const view> v, base::time_point now);
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }
    /// The PeerId is over: so is everything here. Its own eviction has succeeded, and what was done
    /// stays done.
    void end(errc why);

private:
    enum class phase : std::uint8_t {
        locating,   ///< asks for the holder of the lock, for the record
        recording,  ///< nothing is done before a majority of the seats has the record
        waiting,    ///< for act(), at most until its time is over
        revoking,
        evicting,
        recording_outcome,
        noting,  ///< records what is done anyway
        reading,
    };
    struct audit {
        phase at{};
        audit_record what;
        revocation wanted;  // of a hold
        base::time_point begun;
        base::time_point until;
        lock::quorum_query query;
        std::optional<errc> failure;
    };
    using audits = std::map<std::uint64_t, audit>;

    audits::iterator begin(phase at, admin_action what, const operator_words& by,
                           base::time_point until, base::moment now);
    void ask(audits::iterator at, lock::quorum_query query, base::time_point until,
             base::time_point now);
    void ask_seats(audits::iterator at, phase next, base::time_point until, base::time_point now);
    void forget_questions(audit& a);
    /// Its questions are answered, as far as they will be.
    void advance(audits::iterator at, base::time_point now);
    void recorded(audits::iterator at, base::time_point now);
    void revoked(audits::iterator at, base::time_point now);
    void note_holder(audit& a) const;
    void written(const audit& a);
    [[nodiscard]] static bool waits_for_removal(const audit& a) {
        return a.at == phase::waiting || a.at == phase::evicting;
    }
    void evicted(audits::iterator at, base::time_point now);
    void record_outcome(audits::iterator at, base::time_point now);
    void finish(audits::iterator at, std::optional<errc> failure);
    void invariants() const;
    [[nodiscard]] bool hear(std::uint64_t question, const std::optional<lock::to_asker>& what,
                            std::optional<errc> why_none, base::time_point now);

    const base::settings& settings_;
    peer_id self_;
    lock::query_client& inquirer_;
    std::shared_ptr<const view> view_;
    std::uint64_t last_number_ = 0;  // of audits, and of their records
    audits all_;
    base::outbox<output> out_;
};

}  // namespace holdfast::node
