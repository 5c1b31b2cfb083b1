// What threads of operators wait for the node to answer: queries and audits. Used under the
// driver's mutex.
#pragma once

#include <vector>

#include "lock/quorum_query.hpp"
#include "node/outputs.hpp"

namespace holdfast::runtime {

class audit_call;

class open_questions {
public:
    /// Until remove(), which comes before `q` ends.
    void add(lock::quorum_query& q) { queries_.push_back(&q); }
    void remove(lock::quorum_query& q) { std::erase(queries_, &q); }
    void add(audit_call& a) { audits_.push_back(&a); }
    void remove(audit_call& a) { std::erase(audits_, &a); }

    /// False: nothing here waits for it.
    [[nodiscard]] bool hear(node::answered& o);
    [[nodiscard]] bool hear(const node::unanswered& o);
    [[nodiscard]] bool hear(node::audit_recorded& o) { return hear_audit(o); }
    [[nodiscard]] bool hear(node::audit_ended& o) { return hear_audit(o); }
    [[nodiscard]] bool hear(node::audit_log_read& o) { return hear_audit(o); }

private:
    template <class Told>
    [[nodiscard]] bool hear_audit(Told& o);

    std::vector<lock::quorum_query*> queries_;
    std::vector<audit_call*> audits_;
};

}  // namespace holdfast::runtime
