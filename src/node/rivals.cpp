#include "node/rivals.hpp"

#include <algorithm>
#include <string>

#include "base/deadline.hpp"

namespace holdfast::node {
namespace {

std::string text_of(const cluster_id& cluster, view_number number,
                    const std::vector<endpoint>& seats) {
    auto out = to_string(cluster) + " in view " + std::to_string(number.value);
    if (seats.empty()) {
        return out + ", whose seats it has not told";
    }
    out += " with the seats ";
    for (const auto& s : seats) {
        out += (&s == &seats.front() ? "" : ", ") + to_string(s);
    }
    return out;
}

}  // namespace

void rivals::heard(const envelope& head, const cluster_id& ours, const endpoint& at,
                   const std::vector<endpoint>* seats, base::time_point now) {
    if (!head.is_leased || head.cluster.is_nil() || head.cluster == ours) {
        return;
    }
    const bool is_known = all_.contains(head.cluster);
    if (!is_known && all_.size() == most) {
        return;
    }
    auto& r = all_[head.cluster];
    if (!is_known) {
        r.first = now;
        r.next_word = now;
        r.next_problem = now;
    }
    r.heard = now;
    r.installed = std::max(r.installed, head.installed);
    r.by = head.from;
    r.at = at;
    if (seats == nullptr || seats->empty()) {
        return;
    }
    if (r.seats.empty() && r.told) {  // now we know whom to tell
        r.next_word = std::max(now, *r.told + settings_.retry);
    }
    r.seats = *seats;
}

std::vector<std::pair<peer_id, endpoint>> rivals::to_tell(base::time_point now) {
    std::vector<std::pair<peer_id, endpoint>> out;
    for (auto& [cluster, r] : all_) {
        if (r.next_word <= now) {
            r.told = now;
            r.next_word = now + word_every;
            if (r.seats.empty()) {
                out.emplace_back(r.by, r.at);
            }
            for (const auto& seat : r.seats) {
                out.emplace_back(peer_id{}, seat);
            }
        }
    }
    return out;
}

std::vector<views::problem> rivals::problems(const view& ours, base::time_point now) {
    std::vector<views::problem> out;
    for (auto& [cluster, r] : all_) {
        if (r.next_problem > now || !is_certain(r)) {
            continue;
        }
        r.next_problem = now + problem_every;
        std::vector<endpoint> seats;
        for (const auto& s : ours.seats) {
            seats.push_back(s.address);
        }
        out.push_back({errc::two_clusters, "cluster " + text_of(cluster, r.installed, r.seats) +
                                               " grants locks, as this one does, " +
                                               text_of(ours.cluster, ours.number, seats) + ": " +
                                               std::string{explain(errc::two_clusters)}});
    }
    return out;
}

void rivals::forget_old(base::time_point now) {
    std::erase_if(all_, [&](const auto& r) { return r.second.heard + lasts <= now; });
}

std::optional<base::time_point> rivals::deadline() const {
    std::optional<base::time_point> due;
    for (const auto& [cluster, r] : all_) {
        base::earlier(due, r.next_word);
        base::earlier(due, r.heard + lasts);
        if (is_certain(r)) {
            base::earlier(due, r.next_problem);
        }
    }
    return due;
}

std::map<cluster_id, rivals::rival> rivals::certain() const {
    auto out = all_;
    std::erase_if(out, [&](const auto& r) { return !is_certain(r.second); });
    return out;
}

}  // namespace holdfast::node
