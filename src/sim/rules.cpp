#include "sim/rules.hpp"

#include <algorithm>
#include <array>

#include "sim/mutants.hpp"

namespace holdfast::sim {
namespace {

constexpr std::array rules{
    rule{"VIEW-1", {}},
    rule{"VIEW-2", {}},
    rule{"VIEW-3", {}},
    rule{"VIEW-4", {}},
    rule{"VIEW-5", {}},
    rule{"VIEW-6", {}},
    rule{"VIEW-8", {}},
    rule{"CHECKSUM", "0020-rules-that-no-single-planted-bug-can-show"},
    rule{"LEAVE-1", {}},
    rule{"SEAT-1", "0040-rules-without-a-planted-bug"},
    rule{"SEAT-2", "0020-rules-that-no-single-planted-bug-can-show"},
    rule{"SEAT-3", "0020-rules-that-no-single-planted-bug-can-show"},
    rule{"FOUND-1", {}},
    rule{"FOUND-2", {}},
    rule{"FOUND-3", {}},
    rule{"FOUND-4", {}},
    rule{"FOUND-5", {}},
    rule{"FOUND-6", {}},
    rule{"FOUND-7", {}},
    rule{"LEASE-1", {}},
    rule{"LEASE-2", {}},
    rule{"LEASE-3", {}},
    rule{"LEASE-4", {}},
    rule{"LEASE-5", {}},
    rule{"LEASE-6", {}},
    rule{"LEASE-7", {}},
    rule{"RING-1", {}},
    rule{"RING-2", {}},
    rule{"OWN-1", {}},
    rule{"OWN-2", {}},
    rule{"OWN-3", {}},
    rule{"OWN-4", {}},
    rule{"OWN-5", {}},
    rule{"OWN-6", {}},
    rule{"OWN-7", {}},
    rule{"OWN-8", {}},
    rule{"OWN-9", {}},
    rule{"OWN-10", {}},
    rule{"MODES", {}},
    rule{"LIMIT", {}},
    rule{"FATE", {}},
    rule{"PRIORITY", {}},
    rule{"DELAY", {}},
    rule{"MAX-HOLD", {}},
    rule{"ALL-1", {}},
    rule{"HOLD-1", {}},
    rule{"HOLD-2", {}},
    rule{"HOLD-3", {}},
    rule{"HOLD-4", "0040-rules-without-a-planted-bug"},
    rule{"HOLD-5", "0040-rules-without-a-planted-bug"},
    rule{"HOLD-6", {}},
    rule{"HOLD-7", {}},
    rule{"GATHER-EPOCH", "0040-rules-without-a-planted-bug"},
    rule{"QUEUED", {}},
    rule{"HEARSAY", {}},
    rule{"FINISH", {}},
    rule{"BALLOT-VIEW", {}},
    rule{"CERT-1", {}},
    rule{"CERT-2", "0040-rules-without-a-planted-bug"},
    rule{"FORCE-1", {}},
    rule{"RECORD-1", {}},
    rule{"BREAK-1", {}},
    rule{"BREAK-2", {}},
    rule{"LOOK-1", {}},
    rule{"WATCH-1", {}},
    rule{"NET-1", {}},
    rule{"NET-2", {}},
    rule{"NET-3", {}},
    rule{"NOW-1", {}},
};

}  // namespace

std::span<const rule> all_rules() { return rules; }

bool has_mutant(const rule& r) {
    // "OWN-4 (b)" breaks OWN-4, and "OWN-10" does not break OWN-1.
    return std::any_of(all_mutants().begin(), all_mutants().end(), [&](const mutant& m) {
        return m.rule == r.name || (m.rule.starts_with(r.name) && m.rule[r.name.size()] == ' ');
    });
}

}  // namespace holdfast::sim
