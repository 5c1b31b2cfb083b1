// Tells the judge, the trace and the applications what nodes put out.
#pragma once

#include <cstdint>

#include "sim/context.hpp"

namespace holdfast::sim {

/// One function for each output. For most of them the driver of a node has nothing to do.
class output_reporter {
public:
    explicit output_reporter(context& shared) : context_{shared} {}

    void report(std::uint32_t at, const node::granted& g);
    void report(std::uint32_t at, const node::request_failed& f);
    void report(std::uint32_t at, const node::hold_lost& l);
    void report(std::uint32_t at, const node::view_installed& v);
    void report(std::uint32_t at, const node::must_restart& m);
    void report(std::uint32_t at, const node::owner_granted& g);
    void report(std::uint32_t at, const node::problem& c);
    void report(std::uint32_t, const node::at_risk&) {}
    void report(std::uint32_t, const node::hold_stalled&) {}
    void report(std::uint32_t at, const node::release_requested& a);
    void report(std::uint32_t at, const node::broke_by_policy& b);
    void report(std::uint32_t at, const node::lock_changed& c);
    void report(std::uint32_t at, const node::audit_ended& e);
    void report(std::uint32_t at, const node::audit_log_read& r);
    void report(std::uint32_t at, const node::record_written& w);
    void report(std::uint32_t at, std::uint64_t question, const lock::inspect_reply& seen);

private:
    [[nodiscard]] std::string text_of_view(std::uint32_t at, const node::view_installed& v) const;

    context& context_;
};

}  // namespace holdfast::sim
