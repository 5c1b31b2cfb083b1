#include "peer/audit_call.hpp"

#include <utility>

#include "peer/clock.hpp"

namespace holdfast::runtime {

result<bool> audit_call::wait_recorded() {
    bool may_act = false;
    const auto done = driver_.wait_until([&](const view*) {
        may_act = is_recorded_ && !is_over();
        return may_act || is_over();
    });
    return done ? result<bool>{may_act} : tl::unexpected<error>{done.error()};
}

void audit_call::act(views::proof proof) {
    (void)driver_.with_node([&](node::node& n) {
        if (n.self() == as_) {
            n.act(number_, proof, moment_now());
        }
    });
}

result<void> audit_call::wait_end() {
    return driver_.wait_until([&](const view*) { return is_over(); });
}

bool audit_call::hear(const node::audit_recorded& o) {
    if (!is_mine(o.number)) {
        return false;
    }
    is_recorded_ = true;
    return true;
}

bool audit_call::hear(const node::audit_ended& o) {
    if (!is_mine(o.number)) {
        return false;
    }
    ended_ = o;
    return true;
}

bool audit_call::hear(node::audit_log_read& o) {
    if (!is_mine(o.number)) {
        return false;
    }
    read_ = std::move(o);
    return true;
}

}  // namespace holdfast::runtime
