// The requests of this peer that their owners have queued (QUEUED), by lock: all of a lock are
// asked after in one message, for there may be very many.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include <holdfast/ids.hpp>

#include "base/agenda.hpp"
#include "base/assert.hpp"
#include "base/retry.hpp"
#include "base/state_access.hpp"
#include "base/time.hpp"

namespace holdfast::lock {

class queued_requests {
public:
    struct of_lock {
        slot at;
        std::set<request_number> numbers{};
        base::retry again{};
        std::optional<base::time_point> ask_at{};
    };

    void add(const std::string& name, slot at, request_number number, base::time_point ask_at) {
        const auto [place, is_new] = all_.try_emplace(name, of_lock{at});
        auto& one = place->second;
        HOLDFAST_ASSERT(one.at == at);
        one.numbers.insert(number);
        if (is_new) {
            one.again.next = ask_at;
            due_.set(name, one.ask_at, ask_at);
        }
    }
    void remove(const std::string& name, request_number number) {
        const auto at = all_.find(name);
        HOLDFAST_ASSERT(at != all_.end() && at->second.numbers.contains(number));
        at->second.numbers.erase(number);
        if (at->second.numbers.empty()) {
            due_.set(name, at->second.ask_at, std::nullopt);
            all_.erase(at);
        }
    }
    void clear() {
        all_.clear();
        due_.clear();
    }
    /// The owner has answered.
    void heard(const std::string& name, base::time_point next) {
        if (const auto at = all_.find(name); at != all_.end()) {
            at->second.again = {next, 0};
            due_.set(name, at->second.ask_at, next);
        }
    }
    template <class Send>
    void ask_after(base::time_point now, Send send_one) {
        for (const auto& name : due_.due(now)) {
            auto& one = all_.find(name)->second;
            send_one(name, one);
            due_.set(name, one.ask_at, one.again.next);
        }
    }
    /// Those that were asked after, and not answered.
    template <class Meant>
    void make_due(Meant is_meant, base::time_point now) {
        for (auto& [name, one] : all_) {
            if (one.again.attempt > 0 && is_meant(one.at)) {
                one.again.next = now;
                due_.set(name, one.ask_at, now);
            }
        }
    }
    [[nodiscard]] std::optional<base::time_point> asks_after(const std::string& name) const {
        const auto at = all_.find(name);
        return at == all_.end() ? std::nullopt : at->second.ask_at;
    }
    [[nodiscard]] bool has(const std::string& name, request_number number) const {
        const auto at = all_.find(name);
        return at != all_.end() && at->second.numbers.contains(number);
    }
    [[nodiscard]] std::optional<base::time_point> next() const { return due_.next(); }

    void invariants() const {
        HOLDFAST_ASSERT(due_.size() == all_.size());  // NET-2: no lock is forgotten
        if (base::checks_everything()) {
            for (const auto& [name, one] : all_) {
                HOLDFAST_ASSERT(!one.numbers.empty() && one.ask_at == one.again.next);
            }
        }
    }

private:
    friend struct explore::state_access;

    std::map<std::string, of_lock> all_;
    base::agenda<std::string> due_;
};

}  // namespace holdfast::lock
