// One leader among many candidates. An election is a lock whose hold is the term and whose note is
// the leader's value.
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

struct lock_options {
    /// What observers learn of the leader: its address, say. At most 1024 bytes.
    std::string value{};
    /// How long to wait for the term. None: for ever. Zero or less: one try.
    std::optional<std::chrono::nanoseconds> wait{};
    std::stop_token stop{};
    /// As in `lock_options`.
    std::function<void(errc why)> on_lost{};
    /// Of those who wait, who has the highest leads next (PRIORITY). Nobody who leads is put off
    /// for it.
    std::int32_t priority = 0;
};

/// Leadership: this process leads while it is valid. Terms of one election have rising tokens and,
/// clocks willing (MUTEX), never overlap. Everything said of `hold` is true of it.
class HOLDFAST_EXPORT term {
public:
    [[nodiscard]] holdfast::token token() const { return hold_.token(); }
    [[nodiscard]] bool is_valid() const { return hold_.is_valid(); }
    explicit operator bool() const { return is_valid(); }
    [[nodiscard]] std::chrono::nanoseconds remaining() const { return hold_.remaining(); }
    [[nodiscard]] std::stop_token lost() const { return hold_.lost(); }
    [[nodiscard]] std::stop_token at_risk() const { return hold_.at_risk(); }
    [[nodiscard]] std::optional<errc> why_lost() const { return hold_.why_lost(); }
    /// Ends the term at once; the next candidate leads a round trip later. See `hold::release`.
    result<void> resign() { return hold_.release(); }
    /// As `resign`, and this peer leads next if it campaigns here and now, before everybody else;
    /// else whoever's turn it is.
    result<void> hand_over(const peer_id& candidate);

private:
    friend class election;
    explicit term(hold h) : hold_{std::move(h)} {}

    hold hold_;
};

/// Who leads, as the owner of the election's name last told.
struct leader {
    std::string election;              ///< the name of the election
    bool exists = false;               ///< false: nobody leads; the rest is empty then
    std::optional<std::string> value;  ///< as the leader gave it
    holdfast::token token;
    peer_id holder;
};

/// From `peer::election`. A small handle: copy it, keep it beyond the peer (calls fail with
/// `shutting_down` then).
class HOLDFAST_EXPORT election {
public:
    [[nodiscard]] const std::string& name() const { return name_; }

    /// Waits until this process leads. Fails as `peer::lock`; `value_too_long` for the value.
    [[nodiscard]] result<term> campaign(lock_options options = {}) const;

    /// Who leads, from the owner of the election's name: linearizable (LOOK-1). Fails as
    /// `peer::inspect`, and with `timed_out` where that would tell of an owner that cannot answer
    /// for certain.
    [[nodiscard]] result<leader> current(std::chrono::nanoseconds wait = std::chrono::seconds{
                                             5}) const;

    /// Calls `callback` with the present state as soon as that is known, and after each change.
    /// Between two calls states may be missed, the last one is not; while this peer cannot reach
    /// the owner the last state stands. On the callback thread, outside every lock of the library.
    /// Must not throw. Fails with `name_too_long` or `shutting_down`.
    [[nodiscard]] result<observation> observe(std::function<void(const leader&)> callback) const;

private:
    friend class peer;
    election(std::shared_ptr<runtime::driver> d, std::string name)
        : driver_{std::move(d)}, name_{std::move(name)} {}

    std::shared_ptr<runtime::driver> driver_;
    std::string name_;
};

}  // namespace holdfast
