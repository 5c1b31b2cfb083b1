#include "lease/renewal.hpp"

#include <algorithm>
#include <functional>

#include "base/quorum.hpp"

namespace holdfast::lease {

std::optional<base::time_point> lease_end(std::vector<base::time_point> sent_at, std::size_t quorum,
                                          base::duration lease, double clock_drift) {
    if (quorum == 0 || sent_at.size() < quorum) {
        return std::nullopt;
    }
    std::sort(sent_at.begin(), sent_at.end(), std::greater<>{});
    return sent_at[quorum - 1] + base::shrunk(lease, clock_drift);
}

void renewal::installed(const view& now_installed, base::time_point now) {
    quorum_ = base::quorum_of(now_installed, settings_.bug);
    if (settings_.bug == base::planted::one_ack_too_few) {
        --quorum_;
    }
    if (is_stopped_ || (seats_ == now_installed.seats_since && next_ask_)) {
        return;
    }
    seats_ = now_installed.seats_since;
    voters_.clear();
    for (const auto& s : now_installed.seats) {
        if (!s.filled_by.is_nil()) {
            voters_.push_back(s.filled_by);
        }
    }
    if (settings_.bug != base::planted::acks_of_former_seats_count) {
        // LEASE-2: acks given under different seats are never mixed in one quorum; end_ stands
        acked_.clear();
    }
    if (settings_.bug == base::planted::lease_ends_with_the_seats) {
        end_.reset();
    }
    ask(now);
}

void renewal::handle(const peer_id& from, const ack& answer, base::time_point now) {
    if (is_stopped_ || answer.seats != seats_ ||
        std::find(voters_.begin(), voters_.end(), from) == voters_.end()) {
        return;
    }
    if (!last_sent_ || answer.sent_at > *last_sent_ || answer.sent_at > now) {
        return;  // we never sent that
    }
    const auto counts_from =
        settings_.bug == base::planted::lease_from_the_answer ? now : answer.sent_at;
    auto& newest = acked_.try_emplace(from, counts_from).first->second;
    newest = std::max(newest, counts_from);
    std::vector<base::time_point> sent;
    sent.reserve(acked_.size());
    for (const auto& [voter, at] : acked_) {
        sent.push_back(at);
    }
    if (const auto end =
            lease_end(std::move(sent), quorum_, settings_.lease, settings_.drift_margin());
        end && (!end_ || *end > *end_)) {
        end_ = end;
    }
}

void renewal::tick(base::time_point now) {
    if (next_ask_ && *next_ask_ <= now) {
        ask(now);
    }
}

std::optional<base::time_point> renewal::deadline() const { return next_ask_; }

void renewal::stop() {
    is_stopped_ = true;
    end_.reset();
    next_ask_.reset();
    acked_.clear();
}

void renewal::ask(base::time_point now) {
    // A voter that has not installed these seats yet does not ack: most will have a moment later.
    const bool is_acked = acked_.size() >= quorum_;
    next_ask_ =
        now + (is_acked ? settings_.lease / 5 : std::min(settings_.lease / 5, settings_.retry));
    last_sent_ = now;
    for (const auto& voter : voters_) {
        out_.push({voter, request{seats_, now, is_running(now)}});
    }
}

}  // namespace holdfast::lease
