// Questions put to owners and other members, and demands of them, each repeated until it is
// answered (NET-2, HOLD-5).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <holdfast/breaking.hpp>
#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>

#include "base/agenda.hpp"
#include "base/outbox.hpp"
#include "base/pace.hpp"
#include "base/retry.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "lock/messages.hpp"
#include "lock/records.hpp"
#include "lock/view_change.hpp"

namespace holdfast::lock {

/// The caller chooses `number`.
using question =
    std::variant<inspect_request, list_locks, revoke_request, store_record, read_records>;

/// The final answer to a question.
struct answered {
    std::uint64_t number = 0;
    to_asker what;
};
/// Its time is up. `so_far`: the last answer, if that was not final (of an owner that gathers; or a
/// request that is not met yet).
struct unanswered {
    std::uint64_t number = 0;
    errc why{};
    std::optional<to_asker> so_far;
};

class query_client {
public:
    using output = std::variant<send, answered, unanswered>;

    query_client(const base::settings& settings, base::pace& pace, slot_function slot_of)
        : settings_{settings}, pace_{pace}, slot_of_{std::move(slot_of)} {}

    /// `to`: nil for the owner of the name that it is about.
    [[nodiscard]] std::uint64_t ask(question what, const peer_id& to, base::time_point until,
                                    base::time_point now);
    /// The caller does not want the answer any more.
    void forget(std::uint64_t number);

    void install(const view_change& s, base::time_point now);
    void handle(const peer_id& from, const to_asker& what, base::time_point now);
    /// LOAD-4: what `peer` was asked is asked again at once.
    void stream_lost(const peer_id& peer, base::time_point now);
    void tick(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }
    /// All of them fail.
    void end(errc why);

    void invariants() const;

private:
    struct pending_query {
        question what;
        peer_id to;
        holdfast::slot at;
        base::time_point until;
        base::retry again{};
        std::optional<to_asker> so_far{};
        std::optional<base::time_point> due{};
    };
    using queries = std::map<std::uint64_t, pending_query>;
    void send_query(pending_query& e, base::time_point now);
    void plan(std::uint64_t number, pending_query& e);
    pending_query take(queries::iterator at);
    [[nodiscard]] peer_id receiver(const pending_query& e) const {
        return !e.to.is_nil() ? e.to : map_ ? map_->owner_of(e.at) : peer_id{};
    }

    const base::settings& settings_;
    base::pace& pace_;
    slot_function slot_of_;
    std::shared_ptr<const view> view_;
    base::shared_slot_map map_;
    std::uint64_t last_number_ = 0;
    queries pending_;
    base::agenda<std::uint64_t> due_;
    base::outbox<output> out_;
};

}  // namespace holdfast::lock
