#include "swim/address_questions.hpp"

namespace holdfast::swim {

void address_questions::ask(std::uint64_t number, const endpoint& at, base::time_point now) {
    forget_old(now);
    open_[number] = {at, now};
}

std::optional<endpoint> address_questions::take(std::uint64_t number, base::time_point now) {
    const auto found = open_.find(number);
    if (found == open_.end()) {
        return std::nullopt;
    }
    const auto asked = found->second;
    open_.erase(found);
    return now - asked.asked < settings_.lease ? std::optional{asked.at} : std::nullopt;
}

bool address_questions::may_find_out(const endpoint& at, base::time_point now) {
    const auto [last, is_first] = found_out_.try_emplace(at, now);
    if (!is_first && now - last->second < settings_.retry) {
        return false;
    }
    last->second = now;
    return true;
}

void address_questions::forget_old(base::time_point now) {
    std::erase_if(open_, [&](const auto& q) { return now - q.second.asked >= settings_.lease; });
    std::erase_if(found_out_, [&](const auto& f) { return now - f.second >= settings_.lease; });
}

}  // namespace holdfast::swim
