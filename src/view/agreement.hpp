// How a peer comes into a chain of views and follows it (docs/protocol.md): joining, founding,
// voting, catching up, leaving.
//
// The parts do not call each other. Each answers or queues what is to be said, and `agreement`
// passes that on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"
#include "base/random.hpp"
#include "base/settings.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"
#include "base/timers.hpp"
#include "view/catch_up.hpp"
#include "view/change_acceptor.hpp"
#include "view/environment.hpp"
#include "view/epoch_mark.hpp"
#include "view/epoch_memory.hpp"
#include "view/founding.hpp"
#include "view/joining.hpp"
#include "view/membership_hints.hpp"
#include "view/messages.hpp"
#include "view/outputs.hpp"
#include "view/proposer.hpp"
#include "view/second_opinions.hpp"
#include "view/view_log.hpp"

namespace holdfast::views {

/// `to` nil: to any process at `at`; `at` nil: at the address of `to` that the node knows.
struct send {
    peer_id to;
    endpoint at;
    message what;
};
struct installed {
    installation what;
};
/// This PeerId is over (VIEW-4).
struct evicted {
    errc why{};
};
/// It asks to join, and nothing speaks against it: the ways to it are to be tried (JOIN-2).
struct newcomer {
    peer_id id;
    endpoint at;
};
using output = std::variant<send, persist, installed, evicted, problem, newcomer>;

/// DISK-1: an accept that waits until its epoch is on the disk.
struct waiting_accept {
    peer_id from;
    endpoint at;
    view_number installed;
    std::variant<accept, found_accept> what;
    [[nodiscard]] const views::ballot& ballot() const;
};

class agreement {
public:
    agreement(const base::settings& settings, const peer_id& self, std::uint64_t seed,
              const environment& environment, base::moment now)
        : agreement{settings, self, base::random_source{seed}, environment, now} {}

    /// `installed_there`: the view number the sender showed.
    void handle(const peer_id& from, const endpoint& at, view_number installed_there,
                const message& what, base::moment now);
    void tick(base::moment now);
    /// DISK-1: this mark, or a higher one, is on the disk.
    void persisted(epoch mark, base::moment now);
    [[nodiscard]] std::optional<base::time_point> deadline() const;
    [[nodiscard]] std::optional<output> next() { return out_.next(); }
    void invariants() const;

    /// NET-3: a peer of our cluster shows this view number.
    void on_view_number(const peer_id& from, view_number theirs, base::time_point now);
    /// The environment says otherwise of an end (CERT-3), or of ways (JOIN-1, JOIN-2).
    void surroundings_changed(base::time_point now);
    /// What gossip believes of a member.
    void set_suspected(const peer_id& peer, bool is_gone, base::time_point now);
    void wants_new_epoch(base::time_point now);

    /// LEASE-1: the value we last accepted for the next number removes `peer` or changes a seat.
    /// DISK-1: or a restart would not know the epoch in which these seats were filled.
    [[nodiscard]] bool blocks_lease_of(const peer_id& peer) const;

    [[nodiscard]] const std::shared_ptr<const view>& current() const { return view_log_.current(); }
    [[nodiscard]] const base::shared_slot_map& map() const { return view_log_.map(); }
    [[nodiscard]] const epoch_memory& epochs() const { return epochs_; }
    /// FOUND-9: another peer agreed to it, in whatever cluster of this name.
    void hear_of_epoch(epoch e) { epochs_.hear(e); }
    [[nodiscard]] base::remembered_epochs to_remember() const {
        return {epochs_.own(), epochs_.agreed(), mark_.on_disk()};
    }
    [[nodiscard]] bool is_over() const { return is_over_; }
    [[nodiscard]] std::uint64_t ballots_started() const { return proposer_.ballots_started(); }
    [[nodiscard]] const std::vector<endpoint>& seeds() const { return seeds_; }
    [[nodiscard]] const member& self() const { return self_; }

private:
    friend struct explore::state_access;

    agreement(const base::settings& settings, const peer_id& self, base::random_source random,
              const environment& environment, base::moment now);

    enum class timer {
        recover,  ///< FINISH: an accepted value waits for its decision until then
        look,     ///< for what no message tells of: VIEW-5, SEAT-3; to knock (FOUND-8)
    };

    struct sender {
        const peer_id& id;
        const endpoint& at;
        view_number installed;  ///< what it showed
    };
    // Every kind of message has its `on`; those of a founding are the part's own.
    void take(const sender& from, const auto& group, base::moment now) {
        std::visit([&](const auto& m) { on(from, m, now); }, group);
    }
    void take(const sender& from, const founding_message& what, base::moment now);
    void take(const sender&, const way_message&, base::moment) {}

    /// The disk has it. If not, it is asked to.
    [[nodiscard]] bool remembers(epoch agreed, base::moment now);
    void wait_for_disk(waiting_accept asked);
    void keep_up_the_mark(base::moment now);

    void on(const sender& from, const join& asked, base::moment now);
    void on(const sender& from, const join_shown& told, base::moment now);
    void on(const sender& from, const join_refused& told, base::moment now);
    void on(const sender& from, const welcome& given, base::moment now);

    void on(const sender& from, const opinion_ask& asked, base::moment now);
    void on(const sender& from, const opinion& given, base::moment now);
    void on(const sender& from, const prepare& asked, base::moment now);
    void on(const sender& from, const promise& given, base::moment now);
    void on(const sender& from, const rejected& given, base::moment now);
    void on(const sender& from, const accept& asked, base::moment now);
    void on(const sender& from, const accepted& given, base::moment now);

    void on(const sender& from, const steps& given, base::moment now);
    void on(const sender& from, const want_steps& asked, base::moment now);
    void on(const sender& from, const outdated& told, base::moment now);

    void on(const sender& from, const leave_request&, base::moment) {
        hints_.asks_to_leave(from.id);
    }
    void on(const sender& from, const left&, base::moment) { hints_.has_left(from.id); }
    void on(const sender& from, const evict& asked, base::moment now);
    void on(const sender& from, const certificate& given, base::moment now);
    /// `whom` runs, or ran, on the machine of `by`, as the view has it.
    [[nodiscard]] bool can_certify(const peer_id& by, const peer_id& whom) const;
    void on(const sender&, const new_epoch_wanted& asked, base::moment) {
        if (current() && asked.at == current()->number) {
            hints_.wants_new_epoch(asked.at);
        }
    }

    /// It is of a voter and about the view that this voter may choose next.
    [[nodiscard]] bool concerns_next_view(const sender& from, view_number number) const {
        return is_voter() && number == current()->number.next() && current()->is_voter(from.id);
    }
    void decided(const step& done, base::time_point now);
    /// What was agreed takes effect here.
    void install(result<installation> done, base::time_point now);
    void end(errc why);
    void ask_every_seat();
    void maybe_propose(base::time_point now);
    void say(const peer_id& to, const endpoint& at, std::optional<spreading_message> what);
    void drain_founding(base::time_point now);
    void drain_proposer(base::time_point now);
    /// FOUND-3: a PeerId belongs to the first cluster whose view it installs.
    [[nodiscard]] bool is_bound() const;
    [[nodiscard]] bool is_voter() const { return current() && current()->is_voter(self_.id); }

    const base::settings& settings_;
    const environment& environment_;
    member self_;
    std::vector<endpoint> seeds_;
    view_log view_log_;
    membership_hints hints_;
    change_acceptor acceptor_;
    proposer proposer_;
    second_opinions opinions_;
    founding founding_;
    joining joining_;
    catch_up catch_up_;
    // of a cluster this peer has founded with others
    std::optional<founding_value> founded_by_;
    epoch_memory epochs_;
    epoch_mark mark_;
    epoch seats_epoch_;  // of the view in which the seats last changed
    std::optional<waiting_accept> waiting_;
    base::timers<timer, timer::look> timers_;
    bool is_over_ = false;
    base::outbox<output> out_;
};

}  // namespace holdfast::views
