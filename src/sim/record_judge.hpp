// RECORD: what a majority of the seats kept is read.
#pragma once

#include "sim/judged_facts.hpp"

namespace holdfast::sim {

class record_judge {
public:
    using run = judged_facts::run;
    using lock = judged_facts::lock;

    explicit record_judge(judged_facts& told) : facts_{told} {}

    using record_key = judged_facts::record_key;

    /// RECORD-1: `at` say that they have kept this record, in this state of it; its writer has
    /// heard enough.
    void has_recorded(const record_key& what, std::uint32_t revision, const std::set<peer_id>& at);
    /// The seats are asked what was done, `seats` of them with those that are vacant.
    void reads_records(run r, std::uint64_t reading, const std::set<peer_id>& asked,
                       std::size_t seats);
    void has_read_records(run r, std::uint64_t reading,
                          const std::map<record_key, std::uint32_t>& what, instant now);

private:
    struct recorded {
        std::uint32_t revision = 0;
        std::set<peer_id> at;
    };

    judged_facts& facts_;
    std::map<record_key, recorded> records_;
};

}  // namespace holdfast::sim
