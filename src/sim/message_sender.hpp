// Encodes what nodes send and posts it, with what is done to it on the way.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "sim/context.hpp"
#include "wire/codec.hpp"

namespace holdfast::sim {

class message_sender {
public:
    explicit message_sender(context& shared) : context_{shared} {}

    /// `unsent`: where it is kept instead, when the process stops before it is posted.
    void send(std::uint32_t from, node::send& s, std::vector<network::number>* unsent);

private:
    void remember_table(const packet& sent, bool brings_back_older);

    context& context_;
    wire::packet packet_;                                        // reused for what is sent
    std::map<std::uint32_t, std::deque<packet>> former_tables_;  // sent to each place
};

}  // namespace holdfast::sim
