#include "peer/open_questions.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "peer/audit_call.hpp"

namespace holdfast::runtime {

bool open_questions::hear(node::answered& o) {
    return std::any_of(queries_.begin(), queries_.end(), [&](lock::quorum_query* q) {
        return q->hear(o.number, o.what, std::nullopt);
    });
}

bool open_questions::hear(const node::unanswered& o) {
    return std::any_of(queries_.begin(), queries_.end(),
                       [&](lock::quorum_query* q) { return q->hear(o.number, o.so_far, o.why); });
}

template <class Told>
bool open_questions::hear_audit(Told& o) {
    return std::any_of(audits_.begin(), audits_.end(), [&](audit_call* a) { return a->hear(o); });
}

template bool open_questions::hear_audit(node::audit_recorded&);
template bool open_questions::hear_audit(node::audit_ended&);
template bool open_questions::hear_audit(node::audit_log_read&);

}  // namespace holdfast::runtime
