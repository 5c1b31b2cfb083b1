// One audit of the node (node/audit.hpp) that an operator's thread waits for.
#pragma once

#include <cstdint>
#include <optional>

#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

#include "node/audit.hpp"
#include "node/node.hpp"
#include "peer/driver.hpp"
#include "view/messages.hpp"

namespace holdfast::runtime {

class audit_call {
public:
    explicit audit_call(driver& d) : driver_{d} {}
    ~audit_call() { driver_.unfollow(*this); }
    audit_call(const audit_call&) = delete;
    audit_call& operator=(const audit_call&) = delete;

    /// `begins` asks the node for the audit, and answers its number.
    template <class Begin>
    [[nodiscard]] result<void> begin(Begin&& begins) {
        result<void> refused;
        const auto entered = driver_.with_node([&](node::node& n) {
            refused = driver_.check_open();
            if (refused) {
                driver_.follow(*this);
                as_ = n.self();
                number_ = begins(n);
            }
        });
        return entered ? refused : entered;
    }
    /// Of an eviction: until it may be done (true), or has ended instead.
    [[nodiscard]] result<bool> wait_recorded();
    void act(views::proof proof);
    /// The node ends it in time, also when its PeerId is over. An error: this peer has stopped.
    [[nodiscard]] result<void> wait_end();

    // After wait_end(), which nothing changes any more.
    [[nodiscard]] const node::audit_ended& ended() const { return *ended_; }
    [[nodiscard]] const node::audit_log_read& read() const { return *read_; }

    // ---- for the driver, under its mutex. False: it is about another.

    [[nodiscard]] bool hear(const node::audit_recorded& o);
    [[nodiscard]] bool hear(const node::audit_ended& o);
    [[nodiscard]] bool hear(node::audit_log_read& o);

private:
    [[nodiscard]] bool is_over() const { return ended_ || read_; }
    /// Another PeerId gives the same numbers to others, but not before this is over.
    [[nodiscard]] bool is_mine(std::uint64_t number) const {
        return number == number_ && !is_over();
    }

    driver& driver_;
    peer_id as_;
    std::uint64_t number_ = 0;
    bool is_recorded_ = false;
    std::optional<node::audit_ended> ended_;
    std::optional<node::audit_log_read> read_;
};

}  // namespace holdfast::runtime
