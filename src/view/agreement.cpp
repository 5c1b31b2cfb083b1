#include "view/agreement.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/deadline.hpp"
#include "base/message_groups.hpp"
#include "base/rule_effects.hpp"

namespace holdfast::views {
namespace {

std::vector<endpoint> seats_of(const base::settings& settings) {
    return settings.seeds.empty() ? std::vector<endpoint>{settings.address} : settings.seeds;
}

member self_of(const base::settings& settings, const peer_id& self) {
    return {self, settings.name,    settings.address,      settings.weight,      false,
            {},   settings.process, settings.keeps_epochs, settings.wire_version};
}

}  // namespace

agreement::agreement(const base::settings& settings, const peer_id& self,
                     base::random_source random, const environment& environment, base::moment now)
    : settings_{settings},
      environment_{environment},
      self_{self_of(settings, self)},
      seeds_{seats_of(settings)},
      hints_{settings, environment},
      acceptor_{settings, environment},
      proposer_{settings, self, environment, random.next()},
      founding_{settings, self_, seeds_, random.next(), now.now},
      joining_{settings, self_, seeds_, random, now.now},
      catch_up_{settings},
      epochs_{settings.epochs},
      mark_{settings} {}

void agreement::handle(const peer_id& from, const endpoint& at, view_number installed_there,
                       const message& what, base::moment now) {
    if (is_over_) {
        return;
    }
    const sender by{from, at, installed_there};
    std::visit([&](const auto& group) { take(by, group, now); }, what);
    drain_founding(now.now);
    maybe_propose(now.now);
    keep_up_the_mark(now);
    invariants();
}

void agreement::invariants() const {
    view_log_.invariants();
    hints_.invariants();
    proposer_.invariants();
    founding_.invariants();
    if (is_over_) {
        return;
    }
    // A peer with a view asks for none; one without takes no part in choosing the next.
    HOLDFAST_ASSERT((current() != nullptr) != joining_.deadline().has_value());
    HOLDFAST_ASSERT(current() == proposer_.current());
    HOLDFAST_ASSERT(current() || (!acceptor_.accepted() && !timers_.deadline()));
    // FINISH: an accepted value is never left to itself
    HOLDFAST_ASSERT(acceptor_.accepted().has_value() == timers_.is_set(timer::recover));
    HOLDFAST_ASSERT(!is_voter() || timers_.is_set(timer::look));
    if (current()) {
        HOLDFAST_ASSERT(epochs_.agreed() >= current()->epoch);  // FOUND-5
        HOLDFAST_ASSERT(current()->has(self_.id));
    }
    if (const auto& a = acceptor_.accepted()) {
        HOLDFAST_ASSERT(mark_.covers(a->value.epoch));  // DISK-1
        HOLDFAST_ASSERT(a->value.number == current()->number.next());
        HOLDFAST_ASSERT(a->value.epoch <= epochs_.agreed());
    }
}

void agreement::tick(base::moment now) {
    if (is_over_) {
        return;
    }
    if (!current()) {
        founding_.tick(epochs_.named(), now);
        drain_founding(now.now);
        if (!current() && joining_.tick(now.now)) {
            ask_every_seat();
        }
    } else if (is_voter()) {
        if (timers_.is_due(timer::recover, now.now)) {
            timers_.set(timer::recover, now.now + proposer_.ballot_timeout() * 2);
            proposer_.recover(now.now);
        }
        proposer_.tick(hints_, now.now);
        if (timers_.is_due(timer::look, now.now)) {
            timers_.set(timer::look, now.now + settings_.lease / 4);
            proposer_.maybe_propose(hints_, now.now);
            for (const auto& at : seats_to_knock_at(*current(), environment_)) {
                out_.push(send{{}, at, founding_message{knock{seeds_}}});
            }
        }
        drain_proposer(now.now);
    }
    keep_up_the_mark(now);
    HOLDFAST_ASSERT(!deadline() || *deadline() > now.now ||
                    settings_.retry == base::duration::zero());
    invariants();
}

std::optional<base::time_point> agreement::deadline() const {
    std::optional<base::time_point> due;
    if (is_over_) {
        return due;
    }
    if (!current()) {
        due = joining_.deadline();
        base::earlier(due, founding_.deadline());
    } else if (is_voter()) {
        due = proposer_.deadline();
        base::earlier(due, timers_.deadline());
    }
    base::earlier(due, mark_.deadline());
    return due;
}

void agreement::on_view_number(const peer_id& from, view_number theirs, base::time_point now) {
    if (!is_over_ && current()) {
        say(from, {}, catch_up_.on_view_number(from, theirs, is_voter(), view_log_, now));
    }
}

void agreement::set_suspected(const peer_id& peer, bool is_gone, base::time_point now) {
    hints_.set_suspected(peer, is_gone);
    if (is_gone && !is_over_) {
        maybe_propose(now);
    }
}

void agreement::surroundings_changed(base::time_point now) {
    if (!is_over_ && current()) {
        maybe_propose(now);
    } else if (!is_over_ && environment_.reaches_seats(now)) {
        joining_.ways_work(now);
    }
}

void agreement::wants_new_epoch(base::time_point now) {
    if (!current()) {
        return;
    }
    base::count(base::effect::own_6_wants_epoch);
    hints_.wants_new_epoch(current()->number);
    for (const auto& s : current()->seats) {
        if (!s.filled_by.is_nil() && s.filled_by != self_.id) {
            out_.push(send{s.filled_by, {}, new_epoch_wanted{current()->number}});
        }
    }
    maybe_propose(now);
}

void agreement::maybe_propose(base::time_point now) {
    if (is_voter()) {
        for (auto& [asker, changed] : opinions_.changed(current()->number.next(), hints_)) {
            out_.push(send{asker, {}, std::move(changed)});
        }
        proposer_.maybe_propose(hints_, now);
    }
    drain_proposer(now);
}

void agreement::say(const peer_id& to, const endpoint& at, std::optional<spreading_message> what) {
    if (what) {
        out_.push(send{to, at, std::move(*what)});
    }
}

// ---- joining

void agreement::ask_every_seat() {
    const auto asked = joining_.request();
    for (const auto& s : seeds_) {
        if (s != self_.address) {
            out_.push(send{{}, s, asked});
        }
    }
}

void agreement::on(const sender& from, const join& asked, base::moment now) {
    // by stream, as it is now and not as it once was (SEAL-2)
    if (!is_voter() || asked.self.id != from.id || !from.at.is_nil()) {
        return;
    }
    auto answer = joining_.answer_to(asked, view_log_, founded_by_);
    if (answer.problem) {
        out_.push(std::move(*answer.problem));
    }
    if (answer.is_candidate || (answer.reply && base::holds_message<join_shown>(*answer.reply))) {
        out_.push(newcomer{from.id, asked.self.address});
    }
    if (answer.reply) {
        out_.push(send{from.id, asked.self.address, std::move(*answer.reply)});
    }
    if (answer.is_candidate) {
        hints_.asks_to_join(asked, now.now);
    }
}

void agreement::on(const sender&, const join_shown& told, base::moment) {
    if (!current() && joining_.learn(told) && !joining_.is_testing()) {
        ask_every_seat();
    }
}

void agreement::on(const sender&, const join_refused& told, base::moment) {
    if (current()) {
        return;
    }
    if (told.why == refusal::stale) {
        end(errc::evicted);
        return;
    }
    const auto why = told.why == refusal::seeds_differ   ? errc::seeds_differ
                     : told.why == refusal::times_differ ? errc::times_differ
                                                         : errc::ring_not_supported;
    out_.push(problem{why, told.text});
}

void agreement::on(const sender&, const welcome& given, base::moment now) {
    if (!is_bound() && joining_.is_welcome(given)) {
        install(view_log_.start(given, environment_), now.now);
    }
}

// ---- wishes

void agreement::on(const sender& from, const evict& asked, base::moment now) {
    if (!current() || !current()->has(from.id) || !current()->has(asked.whom) ||
        !settings_.is_operator(asked.who)) {
        return;
    }
    const bool was_stopped = hints_.is_stopped(asked.whom);
    hints_.evict(asked.whom, now.now);
    HOLDFAST_ASSERT(hints_.is_stopped(asked.whom) == was_stopped);  // VIEW-8: its lease may run
    if (asked.proof == proof::fenced) {
        hints_.lease_ended(asked.whom);  // LEASE-4: nothing is left to wait for
    } else if (asked.proof == proof::gone && can_certify(from.id, asked.whom)) {
        hints_.certify(asked.whom);
    }
}

void agreement::on(const sender& from, const certificate& given, base::moment) {
    if (can_certify(from.id, given.whom)) {
        hints_.certify(given.whom);
    }
}

bool agreement::can_certify(const peer_id& by, const peer_id& whom) const {
    const auto* sees = current() ? current()->find(by) : nullptr;
    const auto* seen = current() ? current()->find(whom) : nullptr;
    const auto ours = sees == nullptr ? 0 : sees->process.machine;
    return ours != 0 && seen != nullptr && seen->process.machine == ours;
}

bool agreement::is_bound() const { return current() != nullptr; }

// ---- voting

void agreement::on(const sender& from, const opinion_ask& asked, base::moment now) {
    if (!concerns_next_view(from, asked.number)) {
        return;
    }
    out_.push(send{from.id, {}, opinions_.answer(from.id, asked, *current(), hints_, now.now)});
}

void agreement::on(const sender& from, const prepare& asked, base::moment now) {
    // One that has installed n+1 answers with the decision: on_view_number() has seen to that.
    if (!concerns_next_view(from, asked.number)) {
        return;
    }
    if (!acceptor_.prepare(asked.ballot)) {
        out_.push(send{from.id, {}, rejected{asked.number, asked.ballot, acceptor_.promised()}});
        return;
    }
    promise mine{asked.number, asked.ballot, acceptor_.accepted(), now.wall_s, {}};
    mine.joiners = hints_.asked_here(now.now);  // HEARSAY
    out_.push(send{from.id, {}, std::move(mine)});
}

void agreement::on(const sender& from, const accept& asked, base::moment now) {
    const auto answer = [&] {
        const auto& a = acceptor_.accepted();
        HOLDFAST_ASSERT(a && a->ballot == asked.ballot && a->value.number == asked.number);
        auto silences = acceptor_.silences_of(asked.value, hints_, now.now);
        return send{from.id, {}, accepted{asked.number, asked.ballot, std::move(silences)}};
    };

    if (!concerns_next_view(from, asked.number)) {
        return;
    }
    if (!acceptor_.may_accept(asked.ballot)) {
        out_.push(send{from.id, {}, rejected{asked.number, asked.ballot, acceptor_.promised()}});
        return;
    }
    if (!acceptor_.is_sound(asked, *current(), map(), now)) {
        return;
    }
    if (!remembers(asked.value.epoch, now)) {
        wait_for_disk({from.id, from.at, from.installed, asked});
        return;
    }
    epochs_.agree(asked.value.epoch);
    if (!acceptor_.accepted()) {
        proposer_.reset_backoff();
    }
    HOLDFAST_ASSERT(asked.value.number == current()->number.next());
    acceptor_.accept(asked.ballot, asked.value);
    timers_.set(timer::recover, now.now + proposer_.ballot_timeout() * 2);
    out_.push(answer());
}

void agreement::on(const sender& from, const promise& given, base::moment now) {
    if (!concerns_next_view(from, given.number)) {
        return;
    }
    for (const auto& j : given.joiners) {
        hints_.hears_of(j, now.now);  // HEARSAY
    }
    proposer_.handle(from.id, given, hints_, now.now);
}

void agreement::on(const sender& from, const opinion& given, base::moment now) {
    if (is_voter()) {
        proposer_.handle(from.id, given, now.now);
    }
}

void agreement::on(const sender& from, const rejected& given, base::moment now) {
    if (is_voter()) {
        proposer_.handle(from.id, given, now.now);
    }
}

void agreement::on(const sender& from, const accepted& given, base::moment now) {
    if (is_voter()) {
        proposer_.handle(from.id, given, hints_, now.now);
    }
}

// ---- decisions

void agreement::decided(const step& done, base::time_point now) {
    const auto before = current();
    auto installation = view_log_.append(done, environment_);
    if (installation) {
        // Sent before it is installed: the step may remove the peer that decided it, which sends
        // nothing afterwards.
        const steps news{{done}};
        // to removed members too: they must learn that they were removed (VIEW-4)
        for (const auto& m : before->members) {
            if (m.id != self_.id) {
                out_.push(send{m.id, m.address, news});
            }
        }
        for (const auto& m : done.what.added) {
            if (const auto whole = view_log_.welcome_for(done.what.number)) {
                out_.push(send{m.id, m.address, *whole});
            }
        }
    }
    install(std::move(installation), now);
}

void agreement::on(const sender& from, const steps& given, base::moment now) {
    for (const auto& s : given.in_order) {
        if (!current() || is_over_) {
            return;
        }
        if (s.what.cluster != current()->cluster || s.what.number <= current()->number) {
            continue;
        }
        if (s.what.number > current()->number.next()) {
            out_.push(send{from.id, {}, want_steps{current()->number}});
            return;
        }
        install(view_log_.append(s, environment_), now.now);
    }
    if (current() && !is_over_ && from.installed > current()->number) {
        out_.push(send{from.id, {}, want_steps{current()->number}});
    }
}

void agreement::on(const sender& from, const want_steps& asked, base::moment) {
    if (current() && asked.after < current()->number) {
        say(from.id, {}, catch_up_.answer_to(from.id, asked.after, view_log_));
    }
}

void agreement::on(const sender&, const outdated& told, base::moment) {
    if (current() && told.yours == current()->number) {
        end(errc::evicted);
    }
}

void agreement::install(result<installation> done, base::time_point now) {
    if (!done) {
        // What a majority decided does not fit what we have: ours is the wrong one.
        out_.push(problem{errc::internal_error, done.error().text});
        end(errc::internal_error);
        return;
    }
    const auto& v = *done->now;
    HOLDFAST_ASSERT(done->now == current() && done->map == map());
    epochs_.agree(v.epoch);
    seats_epoch_ = v.seats_since == v.number ? v.epoch : seats_epoch_;
    waiting_.reset();
    acceptor_.installed(now);
    timers_.clear(timer::recover);
    joining_.installed();
    hints_.installed(v, done->before.get(), now);
    proposer_.installed(done->now, done->map, now);
    opinions_.installed();
    catch_up_.installed(now);
    if (!v.has(self_.id)) {
        end(errc::evicted);
        return;
    }
    if (is_voter()) {
        timers_.set(timer::look, now + settings_.lease / 4);
    }
    out_.push(installed{std::move(*done)});
}

void agreement::end(errc why) {
    HOLDFAST_ASSERT(!is_over_);
    is_over_ = true;
    base::count(base::effect::view_4_ends);
    out_.push(evicted{why});
}

void agreement::drain_proposer(base::time_point now) {
    while (auto out = proposer_.next()) {
        if (auto* s = std::get_if<proposer::send>(&*out)) {
            out_.push(send{s->to, {}, std::move(s->what)});
        } else {
            decided(std::get<proposer::decided>(*out).what, now);
        }
    }
}

}  // namespace holdfast::views
