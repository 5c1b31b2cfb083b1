#include "view/agreement.hpp"

#include <algorithm>
#include <utility>

#include "base/deadline.hpp"

namespace holdfast::views {
namespace {

std::vector<endpoint> seats_of(const base::settings& settings) {
    return settings.seeds.empty() ? std::vector<endpoint>{settings.address} : settings.seeds;
}

member self_of(const base::settings& settings, const peer_id& self) {
    return {self, settings.name, settings.address, settings.weight, false, {}, settings.process};
}

std::vector<endpoint> addresses(const view& v) {
    std::vector<endpoint> out;
    for (const auto& s : v.seats) {
        out.push_back(s.address);
    }
    return out;
}

std::string text_of(const std::vector<endpoint>& seeds) {
    std::string out;
    for (const auto& s : seeds) {
        out += (out.empty() ? "" : ",") + to_string(s);
    }
    return out;
}

std::string text_of(const lease_terms& t) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(t.lease).count();
    return "lease " + std::to_string(ms) + " ms with clock_drift " + std::to_string(t.drift_ppm) +
           " ppm";
}

constexpr std::size_t steps_in_a_message = 32;

}  // namespace

agreement::agreement(const base::settings& settings, const peer_id& self, std::uint64_t seed,
                     const environment& environment, base::moment now)
    : settings_{settings},
      environment_{environment},
      self_{self_of(settings, self)},
      seeds_{seats_of(settings)},
      random_{seed},
      view_log_{settings.bug},
      hints_{settings, environment},
      proposer_{settings, self, environment, random_.next()},
      founding_{settings, self_, seeds_, random_.next(), now.now},
      highest_epoch_{settings.highest_epoch},
      next_join_{now.now} {}

void agreement::handle(const peer_id& from, const endpoint& at, view_number installed_there,
                       const message& what, base::moment now) {
    if (is_over_) {
        return;
    }
    const sender by{from, at, installed_there};
    std::visit([&](const auto& group) { take(by, group, now); }, what);
    drain_founding(now.now);
    if (is_voter()) {
        proposer_.maybe_propose(hints_, now.now);
    }
    drain_proposer(now.now);
}

void agreement::take(const sender& from, const founding_message& what, base::moment now) {
    founding_.handle(from.id, from.at, what, is_bound(), highest_epoch_, now);
}

void agreement::tick(base::moment now) {
    if (is_over_) {
        return;
    }
    if (!current()) {
        founding_.tick(highest_epoch_, now);
        drain_founding(now.now);
        if (!current() && base::is_due(next_join_, now.now)) {
            next_join_ = now.now + settings_.retry * 2 + random_.between({}, settings_.retry);
            ask_every_seat();
        }
        return;
    }
    if (is_voter()) {
        if (base::is_due(finish_at_, now.now)) {
            finish_at_ = now.now + proposer_.ballot_timeout() * 2;
            proposer_.recover(now.now);
        }
        proposer_.tick(hints_, now.now);
        if (base::is_due(next_look_, now.now)) {
            next_look_ = now.now + settings_.lease / 4;
            proposer_.maybe_propose(hints_, now.now);
        }
        drain_proposer(now.now);
    }
}

std::optional<base::time_point> agreement::deadline() const {
    std::optional<base::time_point> due;
    if (is_over_) {
        return due;
    }
    if (!current()) {
        due = next_join_;
        base::earlier(due, founding_.deadline());
    } else if (is_voter()) {
        due = proposer_.deadline();
        base::earlier(due, finish_at_);
        base::earlier(due, next_look_);
    }
    return due;
}

void agreement::on_view_number(const peer_id& from, view_number theirs, base::time_point now) {
    if (is_over_ || !current() || theirs == current()->number) {
        return;
    }
    // At most once per retry period and peer: both sides see each other's number in every message.
    const auto at = caught_up_.find(from);
    if (at != caught_up_.end() && now - at->second < settings_.retry / 2) {
        return;
    }
    caught_up_[from] = now;
    if (theirs > current()->number) {
        out_.push(send{from, {}, want_steps{current()->number}});
    } else {
        send_steps(from, theirs);
    }
}

void agreement::set_suspected(const peer_id& peer, bool is_gone, base::time_point now) {
    hints_.set_suspected(peer, is_gone);
    if (is_gone && is_voter() && !is_over_) {
        proposer_.maybe_propose(hints_, now);
        drain_proposer(now);
    }
}

void agreement::wants_new_epoch(base::time_point now) {
    if (!current()) {
        return;
    }
    hints_.wants_new_epoch(current()->number);
    for (const auto& s : current()->seats) {
        if (!s.filled_by.is_nil() && s.filled_by != self_.id) {
            out_.push(send{s.filled_by, {}, new_epoch_wanted{current()->number}});
        }
    }
    if (is_voter()) {
        proposer_.maybe_propose(hints_, now);
        drain_proposer(now);
    }
}

bool agreement::blocks_lease_of(const peer_id& peer) const {
    const auto& a = acceptor_.accepted();
    if (!a) {
        return false;
    }
    if (a->value.changes_seats()) {
        return true;
    }
    return settings_.bug != base::planted::acks_a_removed_peer && a->value.removes(peer);
}

// ---- joining

void agreement::ask_every_seat() {
    join asked;
    asked.self = self_;
    asked.seeds = seeds_;
    asked.stopped_being = settings_.stopped_being;
    asked.terms = {settings_.lease, settings_.drift_ppm()};
    if (!shown_.empty()) {
        // Of two clusters met under one name either will do; the newer chain is the likelier to
        // live.
        asked.shown =
            std::max_element(shown_.begin(), shown_.end(), [](const auto& a, const auto& b) {
                return a.second < b.second;
            })->second;
    }
    for (const auto& s : seeds_) {
        if (s != self_.address) {
            out_.push(send{{}, s, asked});
        }
    }
}

void agreement::on(const sender& by, const join& asked, base::moment now) {
    const auto& from = by.id;
    if (!is_voter() || asked.self.id != from) {
        return;
    }
    const auto& v = *current();
    const endpoint reply_to = by.at.is_nil() ? asked.self.address : by.at;
    if (asked.ring_function != v.ring_function) {
        out_.push(send{
            from, reply_to,
            join_refused{refusal::ring_not_supported,
                         "the cluster uses ring function " + std::to_string(v.ring_function)}});
        return;
    }
    if (asked.seeds != addresses(v) && settings_.bug != base::planted::other_seeds_welcome) {
        const auto text = "our seeds are " + text_of(addresses(v)) + ", yours " +
                          text_of(asked.seeds) + "; give every peer the same list";
        out_.push(problem{errc::seeds_differ, to_string(asked.self.address) +
                                                  " asked to join with other seeds: " + text});
        out_.push(send{from, reply_to, join_refused{refusal::seeds_differ, text}});
        return;
    }
    if (asked.terms != lease_terms{settings_.lease, settings_.drift_ppm()} &&
        settings_.bug != base::planted::other_times_welcome) {
        const auto text = text_of(asked.terms) + " there, " +
                          text_of({settings_.lease, settings_.drift_ppm()}) +
                          " in the cluster; give every peer the same profile and times";
        out_.push(problem{errc::times_differ, to_string(asked.self.address) +
                                                  " asked to join with other times: " + text});
        out_.push(send{from, reply_to, join_refused{refusal::times_differ, text}});  // LEASE-6
        return;
    }
    if (const auto* m = v.find(from)) {
        if (const auto whole = view_log_.welcome_for(m->since)) {
            out_.push(send{from, reply_to, *whole});
        } else if (m->since.value == 1 && founded_by_) {
            // a founder that has not heard that view 1 was chosen
            out_.push(send{from, reply_to, founded{*founded_by_}});
        }
        return;
    }
    if (v.find_former(from) != nullptr) {
        // VIEW-3: it never comes back. Should it live (added, never welcomed, removed), it needs
        // another PeerId.
        out_.push(send{from, reply_to, join_refused{refusal::stale, "this PeerId was removed"}});
        return;
    }
    // VIEW-3: a join that was long on its way names a view too old; its sender is shown the newest
    // and may ask again.
    if (!asked.shown || asked.shown->value + base::limits::steps_kept < v.number.value ||
        *asked.shown > v.number) {
        out_.push(send{from, reply_to, join_shown{v.cluster, v.number}});
        return;
    }
    hints_.asks_to_join(asked, now.now);
}

void agreement::on(const sender&, const join_shown& told, base::moment) {
    if (current()) {
        return;
    }
    auto& newest = shown_[told.cluster];
    if (newest < told.newest) {
        shown_ = {{told.cluster, told.newest}};
        // not only the one that answered first: the voter that proposes first should know of us
        ask_every_seat();
    }
}

void agreement::on(const sender&, const join_refused& told, base::moment) {
    if (current()) {
        return;
    }
    if (told.why == refusal::stale) {
        is_over_ = true;
        out_.push(evicted{errc::evicted});
        return;
    }
    const auto why = told.why == refusal::seeds_differ   ? errc::seeds_differ
                     : told.why == refusal::times_differ ? errc::times_differ
                                                         : errc::ring_not_supported;
    out_.push(problem{why, told.text});
}

void agreement::on(const sender&, const welcome& given, base::moment now) {
    if (is_bound()) {
        return;
    }
    const bool adds_us =
        std::any_of(given.added_by.what.added.begin(), given.added_by.what.added.end(),
                    [&](const member& m) { return m.id == self_.id; });
    if (!adds_us || addresses(given.before) != seeds_ || given.before.slots == 0 ||
        given.before.slots > base::limits::slots) {
        return;
    }
    complete(view_log_.start(given, environment_), now.now);
}

// ---- wishes

void agreement::on(const sender& from, const leave_request&, base::moment) {
    hints_.asks_to_leave(from.id);
}

void agreement::on(const sender& from, const left&, base::moment) { hints_.lease_ended(from.id); }

void agreement::on(const sender&, const new_epoch_wanted& asked, base::moment) {
    hints_.wants_new_epoch(asked.at);
}

void agreement::on(const sender& from, const evict& asked, base::moment now) {
    const auto* by = current() ? current()->find(from.id) : nullptr;
    const auto* whom = current() ? current()->find(asked.whom) : nullptr;
    if (by == nullptr || whom == nullptr) {
        return;
    }
    hints_.evict(asked.whom, now.now);
    const bool can_see_it =
        by->process.machine != 0 && by->process.machine == whom->process.machine;
    if (asked.proof == proof::fenced || (asked.proof == proof::gone && can_see_it)) {
        hints_.lease_ended(asked.whom);  // LEASE-4: nothing is left to wait for
    }
}

// ---- voting

void agreement::on(const sender& from, const opinion_ask& asked, base::moment now) {
    if (!is_voter() || asked.number != current()->number.next() || !current()->is_voter(from.id)) {
        return;
    }
    opinion mine{asked.number, {}, {}};
    for (const auto& id : asked.about) {
        (hints_.objects_to_removal(*current(), id, now.now) ? mine.objects : mine.consents)
            .push_back(id);
    }
    out_.push(send{from.id, {}, std::move(mine)});
}

void agreement::on(const sender& from, const prepare& asked, base::moment now) {
    if (settings_.bug == base::planted::installed_acceptor_is_fresh && current() &&
        asked.number == current()->number) {
        out_.push(send{from.id, {}, promise{asked.number, asked.ballot, {}, now.wall_s, {}}});
    }
    // An acceptor that has installed n+1 answers about it with the decision; on_view_number() has
    // seen to that already.
    if (!is_voter() || asked.number != current()->number.next() || !current()->is_voter(from.id)) {
        return;
    }
    if (!acceptor_.prepare(asked.ballot)) {
        out_.push(send{from.id, {}, rejected{asked.number, asked.ballot, acceptor_.promised()}});
        return;
    }
    promise mine{asked.number, asked.ballot, acceptor_.accepted(), now.wall_s, {}};
    if (settings_.bug != base::planted::joins_kept_to_oneself) {
        mine.joiners = hints_.asked_here(now.now);
    }
    out_.push(send{from.id, {}, std::move(mine)});
}

void agreement::on(const sender& from, const promise& given, base::moment now) {
    if (!is_voter() || given.number != current()->number.next() || !current()->is_voter(from.id)) {
        return;
    }
    for (const auto& j : given.joiners) {
        hints_.hears_of(j, now.now);  // HEARSAY
    }
    proposer_.handle(from.id, given, hints_, now.now);
}

void agreement::on(const sender& from, const accept& asked, base::moment now) {
    if (settings_.bug == base::planted::accepts_ahead && current() &&
        asked.number == current()->number.next().next()) {
        out_.push(send{
            from.id, {}, accepted{asked.number, asked.ballot, silences_of(asked.value, now.now)}});
    }
    if (!is_voter() || asked.number != current()->number.next() || !current()->is_voter(from.id)) {
        return;
    }
    if (!acceptor_.may_accept(asked.ballot) &&
        settings_.bug != base::planted::accepts_below_its_promise) {
        out_.push(send{from.id, {}, rejected{asked.number, asked.ballot, acceptor_.promised()}});
        return;
    }
    if (asked.value.number != asked.number) {
        return;
    }
    // It follows from n and the value alone, so what one acceptor takes all do. Were it decided, a
    // wrong checksum would end every member.
    const auto after = apply(*current(), asked.value, settings_.bug);
    if (!after ||
        asked.value.checksum !=
            environment_.checksum(*after, *environment_.next_map(map(), *current(), *after))) {
        return;
    }
    // VIEW-1: views may be quicker than the seconds they are named for, but not for long.
    const bool runs_ahead = std::int64_t{asked.value.epoch.value} > now.wall_s + 60 &&
                            settings_.bug != base::planted::epochs_run_ahead;
    if (runs_ahead && now.now - installed_at_ < std::chrono::seconds{1}) {
        return;
    }
    if (settings_.bug != base::planted::epoch_not_written) {
        out_.push(persist{asked.value.epoch});  // FOUND-5
    }
    highest_epoch_ = std::max(highest_epoch_, asked.value.epoch);
    if (!acceptor_.accepted()) {
        proposer_.reset_backoff();
    }
    acceptor_.accept(asked.ballot, asked.value);
    finish_at_ = now.now + proposer_.ballot_timeout() * 2;
    out_.push(
        send{from.id, {}, accepted{asked.number, asked.ballot, silences_of(asked.value, now.now)}});
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

/// LEASE-4.
std::vector<remaining> agreement::silences_of(const change& value, base::time_point now) const {
    std::vector<remaining> told;
    for (const auto& id : value.removed) {
        told.push_back({id, environment_.time_since_ack(id, now)});
    }
    return told;
}

// ---- decisions

void agreement::decided(const step& done, base::time_point now) {
    const auto before = current();
    auto installation = view_log_.append(done, environment_);
    if (installation) {
        // Told before it is installed: the step may remove the one that decided it, whose last word
        // this is then.
        const steps news{{done}};
        // the removed too: they must learn that they are (VIEW-4)
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
    complete(std::move(installation), now);
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
        complete(view_log_.append(s, environment_), now.now);
    }
    if (current() && !is_over_ && from.installed > current()->number) {
        out_.push(send{from.id, {}, want_steps{current()->number}});
    }
}

void agreement::on(const sender& from, const want_steps& asked, base::moment) {
    if (current() && asked.after < current()->number) {
        send_steps(from.id, asked.after);
    }
}

void agreement::on(const sender&, const outdated& told, base::moment) {
    if (current() && told.yours == current()->number) {
        is_over_ = true;
        out_.push(evicted{errc::evicted});
    }
}

void agreement::complete(result<installation> done, base::time_point now) {
    if (!done) {
        // What a majority decided does not fit what we have: ours is the wrong one.
        is_over_ = true;
        out_.push(problem{errc::internal_error, done.error().text});
        out_.push(evicted{errc::internal_error});
        return;
    }
    const auto& v = *done->now;
    highest_epoch_ = std::max(highest_epoch_, v.epoch);
    installed_at_ = now;
    acceptor_ = {};
    finish_at_.reset();
    next_join_.reset();
    hints_.installed(v, done->before.get(), now);
    proposer_.installed(done->now, done->map);
    std::erase_if(caught_up_, [&](const auto& c) { return now - c.second > settings_.lease; });
    if (!v.has(self_.id)) {
        is_over_ = true;
        out_.push(evicted{errc::evicted});
        return;
    }
    if (is_voter()) {
        next_look_ = now + settings_.lease / 4;
    }
    out_.push(installed{std::move(*done)});
}

void agreement::send_steps(const peer_id& to, view_number after) {
    if (auto kept = view_log_.after(after, steps_in_a_message)) {
        out_.push(send{to, {}, steps{std::move(*kept)}});
    } else if (after.value + base::limits::steps_kept < current()->number.value ||
               (!current()->has(to) && current()->find_former(to) != nullptr)) {
        out_.push(send{to, {}, outdated{after}});
    }
}

void agreement::drain_founding(base::time_point now) {
    while (auto out = founding_.next()) {
        if (auto* s = std::get_if<founding::send>(&*out)) {
            out_.push(send{s->to, s->at, std::move(s->what)});
        } else if (const auto* p = std::get_if<founding::persist>(&*out)) {
            highest_epoch_ = std::max(highest_epoch_, p->epoch);
            out_.push(persist{p->epoch});
        } else if (const auto* f = std::get_if<founding::founded_with_us>(&*out)) {
            if (!is_bound()) {
                founded_by_ = f->value;
                complete(view_log_.found(first_view(f->value, seeds_), environment_), now);
            }
        } else if (const auto* t = std::get_if<founding::times_differ>(&*out)) {
            out_.push(problem{errc::times_differ,
                              to_string(t->at) + ": " + std::string{explain(errc::times_differ)}});
        } else if (const auto* d = std::get_if<founding::differs>(&*out)) {
            out_.push(problem{errc::seeds_differ, to_string(d->at) + " has the seeds " +
                                                      text_of(d->theirs) + ", we have " +
                                                      text_of(seeds_) +
                                                      "; give every peer the same list"});
        }
    }
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
