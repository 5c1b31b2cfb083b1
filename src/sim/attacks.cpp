#include "sim/attacks.hpp"

namespace holdfast::sim {
namespace {

using enum mishap;
using enum side;
using views::accept;
using views::accepted;
using views::found_accept;
using views::found_accepted;
using views::found_prepare;
using views::found_promise;
using views::founded;
using views::prepare;
using views::promise;
using views::steps;
using views::welcome;

template <class... Kinds>
constexpr kinds_list kinds() {
    return {kind_of_type<Kinds>...};
}

constexpr kinds_list all_gossip() {
    return kinds<swim::ping, swim::ping_request, swim::ack, swim::nack, swim::gossip,
                 swim::push_pull>();
}

// Without some of it, voters wish for different views.
constexpr kinds_list what_voters_wish_by() { return kinds<views::join, views::opinion>(); }

// What tells a decision, or that there is one.
constexpr kinds_list news_of_views() {
    return kinds<views::steps, views::welcome, views::outdated>();
}

constexpr std::array<attack_plan, attack_kinds> attack_table{{
    // ---- votes

    {.name = "proposer dies when it has the votes",
     .target = {target_choice::by_message},
     .precondition = {restarts, leaves, crashes, is_cut_off},
     .stages = {{.at = kinds<accepted>(),
                 .target_is = receiver,
                 .up_to_times = 4,
                 .target = {crashes, restarts, pauses, is_cut_off, is_mute},
                 .meanwhile =
                     {{.kinds = kinds<steps, welcome>(), .target_is = sender, .is_lost = true}}}},
     .lasts = {span::detection, span::lease}},

    {.name = "proposer reaches only some with its value",
     .target = {target_choice::by_message},
     .precondition = {restarts, leaves, crashes, is_cut_off},
     .stages = {{.at = kinds<accept>(),
                 .up_to_times = 3,
                 .target = {crashes, restarts, pauses, is_cut_off, is_mute, spared},
                 .meanwhile = {{.kinds = kinds<accept>(), .target_is = sender, .is_lost = true}}}},
     .lasts = {span::brief, span::detection}},

    {.name = "proposer sleeps on its promises",
     .target = {target_choice::by_message},
     .precondition = {restarts, leaves, crashes},
     .stages = {{.at = kinds<promise>(),
                 .target_is = receiver,
                 .up_to_times = 4,
                 .delay = {span::none, span::brief},
                 .target = {pauses, is_cut_off, is_deaf, spared},
                 .meanwhile = {{.kinds = kinds<accept>(),
                                .target_is = sender,
                                .delay = {span::brief, span::detection}}}}},
     .lasts = {span::brief, span::detection}},

    {.name = "votes get lost, again and again",
     .target = {target_choice::seat},
     .precondition = {restarts, leaves, crashes},
     .stages = {{.after = {span::none},
                 .meanwhile = {{.kinds = kinds<accepted>(), .target_is = sender, .is_lost = true},
                               {.kinds = kinds<accepted>(),
                                .target_is = receiver,
                                .delay = {span::none, span::brief}}}}},
     .lasts = {span::detection, span::lease}},

    {.name = "voter forgets between promise and accept",
     .target = {target_choice::by_message},
     .precondition = {restarts, leaves, crashes},
     .stages = {{.at = kinds<promise>(),
                 .up_to_times = 2,
                 .target = {restarts},
                 .meanwhile = {{.kinds = kinds<accept>(),
                                .target_is = receiver,
                                .delay = {span::none, span::brief}}}}},
     .lasts = {span::brief}},

    {.name = "voter falls between ack and accept",
     .target = {target_choice::seat},
     .precondition = {is_cut_off, crashes, pauses},
     .stages = {{.at = kinds<promise>(),
                 .meanwhile = {{.kinds = kinds<accept>(),
                                .target_is = receiver,
                                .delay = {span::brief, span::detection}}}},
                {.at = kinds<lease::ack>(),
                 .up_to_times = 3,
                 .target = {crashes, restarts, pauses, is_mute, is_cut_off},
                 .meanwhile = {{.kinds = kinds<accepted>(),
                                .target_is = sender,
                                .delay = {span::brief, span::detection}}}}},
     .lasts = {span::detection}},

    // What if phase 1 were content with less than a quorum? Only the proposer knows what was
    // decided, and the others begin anew.
    {.name = "decision that no other hears of",
     .target = {target_choice::by_message},
     .precondition = {restarts, leaves, crashes},
     .stages =
         {{.after = {span::none},
           .meanwhile = {{.kinds = what_voters_wish_by(), .target_is = nowhere, .loss = 0.4}}},
          {.at = kinds<accept>(),
           .up_to_times = 3,
           .meanwhile = {{.kinds = kinds<accept>(), .target_is = sender, .loss = 0.5},
                         {.kinds = what_voters_wish_by(), .target_is = nowhere, .loss = 0.4},
                         {.kinds = news_of_views(), .target_is = sender, .is_lost = true},
                         {.kinds = kinds<prepare, promise>(),
                          .target_is = nowhere,
                          .loss = 0.4,
                          .is_doubled = true}}}},
     .lasts = {span::detection}},

    // A value for the view after next reaches a voter that has not installed the next one.
    {.name = "voter is a view behind",
     .target = {target_choice::seat},
     .precondition = {crashes},
     .stages =
         {{.after = {span::none},
           .meanwhile = {{.kinds = news_of_views(), .target_is = receiver, .is_lost = true},
                         {.kinds = what_voters_wish_by(), .target_is = nowhere, .loss = 0.4}}},
          {.at = kinds<accept>(),
           .target_is = receiver,
           .up_to_times = 3,
           .meanwhile = {{.kinds = kinds<accept>(), .target_is = other_sends, .loss = 0.7},
                         {.kinds = news_of_views(), .target_is = other_sends, .is_lost = true}}}},
     .lasts = {span::detection}},

    // ---- decisions

    {.name = "decision is kept from one",
     .target = {target_choice::owner, target_choice::holder, target_choice::any_place},
     .precondition = {restarts, leaves, crashes, is_cut_off},
     .stages =
         {{.after = {span::none},
           .meanwhile = {{.kinds = news_of_views(), .target_is = receiver, .is_lost = true}}}},
     .lasts = {span::detection, span::lease, span::ages}},

    {.name = "decision comes late to one",
     .target = {target_choice::owner, target_choice::holder, target_choice::any_place},
     .precondition = {restarts, leaves, crashes, is_cut_off},
     .stages = {{.after = {span::none},
                 .meanwhile = {{.kinds = news_of_views(),
                                .target_is = receiver,
                                .delay = {span::detection, span::lease}}}}},
     .lasts = {span::detection, span::ages}},

    // LEASE-1: what if voters went on acking a member whose removal they have accepted? It must be
    // heard after the vote and before the decision, and not hear of the decision.
    {.name = "buried alive",
     .target = {target_choice::holder, target_choice::owner},
     .stages = {{.after = {span::none}, .target = {is_cut_off}},
                {.at = kinds<accepted>(),
                 .target_is = nowhere,
                 .target = {is_heard_again},
                 .meanwhile = {{.kinds = kinds<accepted>(),
                                .target_is = nowhere,
                                .delay = {span::brief, span::moment}},
                               {.kinds = news_of_views(), .target_is = receiver, .is_lost = true}}},
                {.after = {span::brief}, .target = {is_cut_off, pauses}}},
     .lasts = {span::ages}},

    {.name = "seats change, then one is cut off",
     .target = {target_choice::holder, target_choice::owner},
     .precondition = {restarts, majority_restarts, leaves},
     .stages = {{.at = kinds<welcome>(),
                 .target_is = nowhere,
                 .up_to_times = 2,
                 .target = {is_cut_off, loses_the_seats, pauses, is_deaf}}},
     .lasts = {span::lease, span::ages}},

    // ---- leases

    {.name = "renewals come late, then not at all",
     .target = {target_choice::holder, target_choice::owner},
     .stages = {{.after = {span::none},
                 .meanwhile = {{.kinds = kinds<lease::ack>(),
                                .target_is = receiver,
                                .delay = {span::brief, span::detection, span::lease}}}},
                {.after = {span::lease}, .target = {is_cut_off, loses_the_seats, is_deaf}}},
     .lasts = {span::ages}},

    // The answers to the last requests are still under way when no process hears the target any
    // more.
    {.name = "renewals come late, then are asked for in vain",
     .target = {target_choice::holder},
     .stages =
         {{.after = {span::none},
           .meanwhile = {{.kinds = kinds<lease::ack>(),
                          .target_is = receiver,
                          .delay = {span::detection, span::lease}}}},
          {.after = {span::lease},
           .target = {is_mute},
           .meanwhile = {{.kinds = news_of_views(), .target_is = receiver, .is_lost = true}}}},
     .lasts = {span::ages}},

    // LEASE-2: what if acks of two processes that had one seat made a quorum?
    {.name = "keeps one seat, which restarts",
     .target = {target_choice::any_place},
     .stages = {{.after = {span::none}, .target = {keeps_one_seat}},
                {.after = {span::lease}, .other = {restarts}}},
     .lasts = {span::detection, span::lease}},

    // LEASE-3: the voters that acked it are gone, and those that remove it never acked it.
    {.name = "voter is replaced, then one is cut off",
     .target = {target_choice::holder},
     .stages = {{.after = {span::none}, .target = {loses_a_seat}},
                {.after = {span::lease, span::ages}, .other = {restarts}},
                {.at = kinds<welcome>(), .target_is = nowhere, .target = {is_cut_off}}},
     .lasts = {span::lease, span::ages}},

    {.name = "out of the seats' reach",
     .target = {target_choice::holder, target_choice::owner, target_choice::any_place},
     .stages = {{.after = {span::none}, .target = {loses_the_seats, is_deaf, is_mute, is_cut_off}}},
     .lasts = {span::lease, span::ages}},

    {.name = "ill spoken of",
     .target = {target_choice::holder, target_choice::owner, target_choice::any_place},
     .stages = {{.after = {span::none},
                 .meanwhile = {{.kinds = all_gossip(), .target_is = either, .is_lost = true}}},
                {.after = {span::detection},
                 .target = {is_cut_off, pauses, loses_the_seats, spared},
                 .meanwhile = {{.kinds = all_gossip(), .target_is = either, .is_lost = true}}}},
     .lasts = {span::lease, span::ages}},

    // ---- owners and holders

    {.name = "owner falls with a grant in flight",
     .target = {target_choice::by_message},
     .stages = {{.at = kinds<lock::grant>(),
                 .up_to_times = 4,
                 .loss = 0.2,
                 .delay = {span::none, span::brief, span::detection, span::lease, span::ages},
                 .target = {crashes, restarts, pauses, is_cut_off, leaves}}},
     .lasts = {span::detection, span::ages}},

    {.name = "holder falls with a grant in flight",
     .target = {target_choice::by_message},
     .stages = {{.at = kinds<lock::grant>(),
                 .target_is = receiver,
                 .up_to_times = 4,
                 .delay = {span::none, span::moment},
                 .target = {pauses, is_cut_off, loses_the_seats, is_mute, crashes}}},
     .lasts = {span::lease, span::ages}},

    {.name = "owner and holder are cut off together",
     .target = {target_choice::by_message},
     .stages = {{.at = kinds<lock::grant>(), .up_to_times = 4, .target = {keeps_the_other}}},
     .lasts = {span::lease, span::ages}},

    {.name = "owner falls while a lock is given back",
     .target = {target_choice::by_message},
     .stages = {{.at = kinds<lock::release, lock::cancel, lock::grant_ack>(),
                 .target_is = receiver,
                 .up_to_times = 4,
                 .loss = 0.3,
                 .delay = {span::none, span::brief, span::detection},
                 .target = {crashes, restarts, pauses, is_cut_off, leaves, loses_the_other}}},
     .lasts = {span::detection}},

    {.name = "owner and holder have a loose link",
     .target = {target_choice::owner, target_choice::holder, target_choice::any_place},
     .stages = {{.after = {span::none}, .target = {has_a_loose_link}}},
     .lasts = {span::detection, span::ages}},

    // ---- changes of owner

    {.name = "one side of a hand-over falls",
     .target = {target_choice::by_message},
     .precondition = {restarts, leaves, crashes},
     .stages = {{.at = kinds<lock::table, lock::no_table, lock::table_ack>(),
                 .target_is = either,
                 .up_to_times = 3,
                 .loss = 0.3,
                 .delay = {span::none, span::brief, span::detection},
                 .target = {crashes, restarts, pauses, is_cut_off, leaves},
                 .other = {spared, spared, crashes, pauses, is_cut_off}}},
     .lasts = {span::detection, span::ages}},

    {.name = "old tables come again",
     .target = {target_choice::any_place, target_choice::owner},
     .precondition = {restarts, leaves},
     .stages = {{.after = {span::none},
                 .meanwhile = {{.kinds = kinds<lock::table>(),
                                .target_is = nowhere,
                                .delay = {span::brief},
                                .brings_back_older = true}}},
                {.after = {span::brief, span::detection},
                 .target = {restarts, leaves, crashes, spared},
                 .meanwhile = {{.kinds = kinds<lock::table>(),
                                .target_is = nowhere,
                                .delay = {span::brief, span::detection},
                                .brings_back_older = true}}}},
     .lasts = {span::detection}},

    // HOLD-1: the grant is under way while its owner goes, its receiver reports, and another
    // grant is given.
    {.name = "grant overtaken by a report",
     .target = {target_choice::by_message},
     .stages = {{.at = kinds<lock::grant>(),
                 .target_is = receiver,
                 .up_to_times = 4,
                 .delay = {span::detection, span::lease, span::ages},
                 .other = {crashes, restarts, is_cut_off, pauses},
                 .meanwhile =
                     {{.kinds = kinds<lock::grant>(), .target_is = receiver, .is_lost = true}}},
                {.at = kinds<lock::report, lock::no_holds>()}},
     .lasts = {span::moment}},

    {.name = "holder does not report",
     .target = {target_choice::by_message},
     .precondition = {crashes, restarts, is_cut_off},
     .stages =
         {{.at = kinds<lock::report, lock::no_holds, lock::no_holds_of>(),
           .up_to_times = 2,
           .loss = 0.7,
           .delay = {span::brief, span::detection, span::lease},
           .target = {spared, pauses, loses_the_other, is_cut_off, is_mute, crashes, restarts},
           .meanwhile = {{.kinds = kinds<lock::report>(), .target_is = sender, .is_lost = true}}}},
     .lasts = {span::detection, span::ages}},

    {.name = "new owner falls while it gathers",
     .target = {target_choice::by_message},
     .precondition = {crashes, restarts, is_cut_off},
     .stages = {{.at = kinds<lock::report, lock::no_holds_of>(),
                 .target_is = receiver,
                 .up_to_times = 4,
                 .target = {crashes, restarts, pauses, is_cut_off, leaves}}},
     .lasts = {span::detection}},

    // ---- foundings

    {.name = "seat restarts while a cluster is founded",
     .target = {target_choice::by_message},
     .precondition = {majority_restarts},
     .stages = {{.at = kinds<found_prepare, found_promise, found_accept, found_accepted, founded>(),
                 .target_is = either,
                 .up_to_times = 12,
                 .loss = 0.3,
                 .delay = {span::none, span::brief},
                 .target = {restarts, crashes, pauses, is_cut_off, is_mute},
                 .other = {spared, spared, restarts, pauses}}},
     .lasts = {span::brief, span::detection}},
}};

}  // namespace

const std::array<attack_plan, attack_kinds>& attacks() { return attack_table; }

}  // namespace holdfast::sim
