// Leader election: a lock whose holder is the leader, with a value that others can see.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <holdfast/hold.hpp>
#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

class driver;

/// Who leads, as an observer is told.
struct leader {
    std::string election;
    bool is_known = false;  ///< false: nobody leads now
    peer_id peer;
    std::string value;      ///< what the leader campaigned with
    holdfast::token token;
};

struct campaign_options {
    /// Shown to observers; at most 1024 bytes.
    std::string value{};
    /// None: campaign for ever.
    std::optional<std::chrono::milliseconds> wait{};
    /// Ends the campaign with `cancelled`.
    std::stop_token stop{};
};

/// Leadership: this process leads while `is_valid()`. Dropping it resigns.
class term {
public:
    explicit term(hold h) : hold_{std::move(h)} {}

    [[nodiscard]] bool is_valid() const { return hold_.is_valid(); }
    explicit operator bool() const { return is_valid(); }
    [[nodiscard]] holdfast::token token() const { return hold_.token(); }
    [[nodiscard]] std::chrono::nanoseconds remaining() const { return hold_.remaining(); }
    [[nodiscard]] std::stop_token lost() const { return hold_.lost(); }
    [[nodiscard]] std::stop_token at_risk() const { return hold_.at_risk(); }
    [[nodiscard]] std::optional<error> why_lost() const { return hold_.why_lost(); }
    bool resign() { return hold_.release(); }

private:
    hold hold_;
};

/// An observer; dropping it ends the calls. A call under way on another thread may still be finishing then.
class observation {
public:
    observation() = default;
    explicit observation(std::shared_ptr<void> registration) : registration_{std::move(registration)} {}

private:
    std::shared_ptr<void> registration_;
};

/// An election by name; cheap to make and to copy, for any thread. `election("x")` and `lock("x")` are the same lock.
class election {
public:
    election(std::shared_ptr<driver> peer, std::string name) : peer_{std::move(peer)}, name_{std::move(name)} {}

    /// Waits until this process leads. Errors as for `peer::lock`; none leaves this process leading.
    [[nodiscard]] result<term> campaign(campaign_options options = {}) const;
    /// Tells who leads now, and every change. Steps may be missed, the last state not (WATCH-1). Called on the peer's
    /// callback thread, outside every lock of the library.
    [[nodiscard]] observation observe(std::function<void(const leader&)> callback) const;

private:
    std::shared_ptr<driver> peer_;
    std::string name_;
};

}  // namespace holdfast
