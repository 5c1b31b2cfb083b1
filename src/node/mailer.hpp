// What a node sends: to which address and in which envelope, round by the voters where a link is
// cut (NET-1), and to itself, which never leaves the process.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include <holdfast/ids.hpp>

#include "base/outbox.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "base/way.hpp"
#include "lock/view_change.hpp"
#include "node/contacts.hpp"
#include "node/lease_watch.hpp"
#include "node/message.hpp"
#include "node/outputs.hpp"
#include "node/overdue.hpp"
#include "node/relay.hpp"
#include "swim/detector.hpp"
#include "view/agreement.hpp"

namespace holdfast::node {

class mailer {
public:
    /// What it looks at.
    struct sources {
        const views::agreement& agreement;
        const swim::detector& gossip;
        const contacts& seen;
        relay& ways;
        holdfast::node::overdue& overdue;
        const lease_watch& lease;
    };

    mailer(const base::settings& settings, const peer_id& self, const sources& of,
           base::outbox<output>& out, std::uint64_t& dropped)
        : settings_{settings}, self_{self}, of_{of}, out_{out}, dropped_{dropped} {}

    /// `at` nil: where `to` is known to be. Dropped if that is nowhere.
    void send_to(const peer_id& to, endpoint at, bool stream, bool is_lazy, message&& what,
                 base::duration copy_age = {});
    /// By the way that the message came which it answers: that works, and by stream no address of
    /// its sender need be known.
    void answer(const peer_id& to, const base::way& came, message&& what);
    void send_lock(lock::send&& s, base::time_point now);
    /// A gather has come: its report goes by the same way (LOAD-5).
    void note_gather(const peer_id& from, bool is_by_stream);
    void keep_members(const view& v);
    void send_to_voters(const views::message& what);

    void begin_call() { has_granted_ = false; }
    /// A grant was sent in the present call.
    [[nodiscard]] bool has_granted() const { return has_granted_; }
    /// What was sent to ourselves.
    [[nodiscard]] std::optional<message> next_local() { return local_.next(); }
    [[nodiscard]] bool has_local() const { return !local_.empty(); }
    void drop_local() { local_.clear(); }
    [[nodiscard]] view_number installed() const;

private:
    void push(send&& s);
    [[nodiscard]] bool gather_goes_by_stream(const lock::send& s) const;
    [[nodiscard]] envelope head_for(const peer_id& to) const;
    [[nodiscard]] endpoint address_of(const peer_id& peer) const;

    const base::settings& settings_;
    peer_id self_;
    sources of_;
    bool has_granted_ = false;
    std::set<peer_id> gathers_by_stream_;  // members whose last one came so
    base::outbox<message> local_;
    base::outbox<output>& out_;
    std::uint64_t& dropped_;
};

}  // namespace holdfast::node
