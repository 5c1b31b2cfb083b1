// One leader among many candidates: a lock whose hold is the term of the leader.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <holdfast/error.hpp>
#include <holdfast/export.hpp>
#include <holdfast/hold.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>
#include <holdfast/token.hpp>
#include <holdfast/watch.hpp>

namespace holdfast {

class peer;

namespace runtime {
class driver;
}

/// Leadership: this process leads while the term is valid. Terms of one election have rising tokens
/// (FENCE), and no two are valid at one instant (MUTEX). What `hold` says of validity, threads and
/// lifetime is true of it.
class HOLDFAST_EXPORT term {
public:
    [[nodiscard]] holdfast::token token() const { return hold_.token(); }
    [[nodiscard]] bool is_valid() const { return hold_.is_valid(); }
    explicit operator bool() const { return is_valid(); }
    [[nodiscard]] std::chrono::nanoseconds remaining() const { return hold_.remaining(); }
    [[nodiscard]] std::stop_token lost() const { return hold_.lost(); }
    [[nodiscard]] std::stop_token at_risk() const { return hold_.at_risk(); }
    [[nodiscard]] std::optional<errc> why_lost() const { return hold_.why_lost(); }
    /// Ends the term now. The next candidate leads a round trip later. Errors as `hold::release`.
    result<void> resign() { return hold_.release(); }
    /// As `resign`, and `candidate` leads next if it campaigns now. If it does not, the next
    /// waiting candidate leads.
    result<void> hand_over(const peer_id& candidate);

private:
    friend class election;
    explicit term(hold h) : hold_{std::move(h)} {}

    hold hold_;
};

/// The leader, as the owner of the election's name last reported.
struct leader {
    std::string election;             ///< the name of the election
    bool exists = false;              ///< false: there is no leader, and the rest is empty
    std::optional<std::string> note;  ///< the leader's `lock_options::note`: its address, say
    holdfast::token token;
    peer_id holder;
};

/// One election, from `peer::election`. A small handle: it may be copied and may outlive the peer,
/// whose calls then fail with `shutting_down`.
class HOLDFAST_EXPORT election {
public:
    [[nodiscard]] const std::string& name() const { return name_; }

    /// Waits until this process leads. `options.note` is what observers learn of the leader.
    ///
    /// Errors: as `peer::lock`, and `bad_config` for a mode that is not exclusive.
    [[nodiscard]] result<term> campaign(lock_options options = {}) const;

    /// The leader, from the owner of the election's name. Linearizable (LOOK-1).
    ///
    /// Errors: as `peer::inspect`, and `timed_out` when the owner cannot answer for certain within
    /// `wait`.
    [[nodiscard]] result<leader> current(std::chrono::nanoseconds wait = std::chrono::seconds{
                                             5}) const;

    /// Calls `callback` with the present state as soon as it is known, and after each change.
    ///
    /// - States between two calls may be missed. The latest one never is.
    /// - While this peer cannot reach the owner, the last reported state stands.
    /// - Threads: on the callback thread, outside every lock of the library. It must not throw.
    /// - Errors: `name_too_long`, `shutting_down`.
    [[nodiscard]] result<observation> observe(std::function<void(const leader&)> callback) const;

private:
    friend class peer;
    election(std::shared_ptr<runtime::driver> d, std::string name)
        : driver_{std::move(d)}, name_{std::move(name)} {}

    std::shared_ptr<runtime::driver> driver_;
    std::string name_;
};

}  // namespace holdfast
