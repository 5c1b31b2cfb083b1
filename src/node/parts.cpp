#include "node/parts.hpp"

#include "ring/assign.hpp"

namespace holdfast::node {

parts::parts(const base::settings& given, const peer_id& id, std::uint64_t seed, base::moment now)
    : settings{given},
      self{id},
      random{seed},
      pace{settings, ~seed},  // what it draws changes nothing for the others
      contacts{settings, self},
      relay{settings, self},
      overdue{settings},
      rivals{settings},
      process_watch{self, settings.process},
      swim{settings, self, random.next(), now.now},
      environment{settings, self,      swim,  voter,    renewal_runs, ways,    relayed_waits,
                  lease,    newcomers, seats, contacts, streams,      last_now},
      agreement{settings, self, random.next(), environment, now},
      voter{settings},
      renewal_runs{settings, self},
      newcomers{settings, settings.address, ~seed + 1},
      seats{settings, now.now},
      dialled_in_vain{settings.lease},
      without_datagrams{settings.lease},
      mutes{settings, self},
      ways{settings, self},
      relayed_waits{settings, self},
      renewal{settings, random.next()},
      lease{settings, renewal},
      mail{settings, self, {agreement, swim, contacts, relay, overdue, lease}, out, stats.dropped},
      owner{settings, pace, self, [this](std::string_view name) { return slot_of(name); }},
      holder{settings, pace, self, [this](std::string_view name) { return slot_of(name); }},
      roll_calls{settings, self},
      query_client{settings, pace, [this](std::string_view name) { return slot_of(name); }},
      auditor{settings, self, query_client},
      audit_log{settings, self, now},
      evictions{settings},
      certificates{settings},
      lost_streams{settings},
      last_now{now.now} {}

slot parts::slot_of(std::string_view name) const {
    const auto& v = agreement.current();
    return v ? ring::slot_of(name, v->cluster, v->slots) : slot{};
}

}  // namespace holdfast::node
