// The acceptor of one single-decree Paxos (Lamport: Paxos Made Simple, section 2.2), for views and
// for foundings.
//
// Its state is in memory only. A restarted process has another PeerId, so no PeerId ever forgets
// what it promised (docs/protocol.md).
#pragma once

#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "view/messages.hpp"

namespace holdfast::views {

template <class Accepted>
class acceptor {
public:
    /// Promises, or says which ballot stands in the way.
    [[nodiscard]] bool prepare(const ballot& asked) {
        if (!may_accept(asked)) {
            return false;
        }
        promised_ = asked;
        invariants();
        return true;
    }
    [[nodiscard]] bool may_accept(const ballot& asked) const {
        return asked >= promised_ && asked.can_be();
    }
    void accept(const ballot& asked, decltype(Accepted::value) value) {
        promised_ = asked;
        accepted_ = Accepted{asked, std::move(value)};
        invariants();
    }
    [[nodiscard]] const ballot& promised() const { return promised_; }
    [[nodiscard]] const std::optional<Accepted>& accepted() const { return accepted_; }

    void invariants() const {
        // what was accepted was promised too, and a promise is never taken back
        HOLDFAST_ASSERT(!accepted_ || accepted_->ballot <= promised_);
    }

private:
    ballot promised_;
    std::optional<Accepted> accepted_;
};

}  // namespace holdfast::views
