#include "swim/rumours.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/logarithm.hpp"
#include "base/settings.hpp"

namespace holdfast::swim {
namespace {

// A rumour is at most this large besides the name; what is left of a datagram is for the envelope
// and the sender.
constexpr std::size_t rumour_size = 84;
constexpr std::size_t room = base::limits::datagram - 350;

}  // namespace

std::size_t transmissions(double mult, std::size_t members) {
    const double exact = mult * static_cast<double>(base::log10_scaled(members + 1)) / 65536.0;
    const auto whole = static_cast<std::size_t>(exact);
    return std::max<std::size_t>(1, whole + (static_cast<double>(whole) < exact ? 1 : 0));
}

std::vector<rumour> rumours::take(std::size_t limit, const rumour* first) {
    std::vector<rumour> out;
    std::size_t size = 0;
    if (first != nullptr) {
        out.push_back(*first);
        size += rumour_size + first->name.size();
    }
    std::vector<entry*> order;
    for (auto& [about, e] : waiting_) {
        if (first == nullptr || about != first->about) {
            order.push_back(&e);
        }
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const entry* a, const entry* b) { return a->sent < b->sent; });
    for (auto* e : order) {
        size += rumour_size + e->told.name.size();
        if (size > room || out.size() >= base::limits::gossip) {
            break;
        }
        out.push_back(e->told);
        ++e->sent;
    }
    std::erase_if(waiting_, [&](const auto& w) { return w.second.sent >= limit; });
    HOLDFAST_ASSERT(out.size() <= base::limits::gossip + 1);
    return out;
}

void rumours::invariants() const {
    if (base::checks_everything()) {
        HOLDFAST_ASSERT(std::all_of(waiting_.begin(), waiting_.end(),
                                    [](const auto& w) { return w.first == w.second.told.about; }));
    }
}

}  // namespace holdfast::swim
