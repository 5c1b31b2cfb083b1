// Callbacks of the application that watch locks (WATCH-1): one watch at the node for each name, any
// number of observers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/watch.hpp>

#include "base/time.hpp"
#include "node/node.hpp"
#include "peer/dispatcher.hpp"

namespace holdfast::runtime {

class driver;

/// One callback of the application. It keeps its driver alive, but never calls it.
class observer {
public:
    /// `wants_all`: of every holder, not of the oldest alone.
    observer(std::shared_ptr<driver> d, std::string name, bool wants_all,
             std::function<void(const lock_status&)> callback)
        : driver_{std::move(d)},
          name_{std::move(name)},
          wants_all_{wants_all},
          callback_{std::move(callback)} {}
    observer(const observer&) = delete;
    observer& operator=(const observer&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool wants_all() const { return wants_all_; }
    [[nodiscard]] driver& owner() const { return *driver_; }
    /// On the callback thread.
    void deliver(const lock_status& now);
    /// None is delivered after it returns. Waits for one under way, unless it is called from there.
    void stop();

private:
    const std::shared_ptr<driver> driver_;
    const std::string name_;
    const bool wants_all_;
    std::recursive_mutex delivering_;  // recursive: a callback may end its own observation
    std::function<void(const lock_status&)> callback_;
    bool is_stopped_ = false;
};

/// Everything under the driver's mutex.
class observers {
public:
    /// `patience`: how long an owner may take to tell all holders.
    observers(dispatcher& callbacks, base::duration patience)
        : callbacks_{callbacks}, patience_{patience} {}

    void add(std::shared_ptr<observer> o, node::node& n);
    void remove(const observer& o, node::node& n);
    void on_changed(const node::lock_changed& what, node::node& n);
    /// The answer to a query of the node; null: there was none, and why. False: it was another's
    /// query.
    [[nodiscard]] bool on_holders(std::uint64_t query, const lock::to_asker* what, errc why,
                                  node::node& n);
    /// A new PeerId watches the same names, and has new queries.
    void restart(node::node& successor);

    struct entry {
        std::vector<std::shared_ptr<observer>> all;
        std::optional<lock_status> last;  ///< for an observer that comes later
        /// the query under way for those that want all holders
        std::optional<std::uint64_t> query;
        bool has_changed = false;  ///< meanwhile: ask once more
    };
    /// For the end: what is left, to be destroyed outside the mutex.
    [[nodiscard]] std::map<std::string, entry> take_all() {
        queries_.clear();
        return std::exchange(by_name_, {});
    }

private:
    /// A state tells the oldest holders only: asks for all of them, if an observer wants that.
    void fetch_all_holders(const std::string& name, entry& e, node::node& n);
    void deliver(const entry& e, const lock_status& now, bool is_all);
    void forget_query(entry& e);

    dispatcher& callbacks_;
    const base::duration patience_;
    std::map<std::string, entry> by_name_;
    std::map<std::uint64_t, std::string> queries_;  // under way, and whose
};

}  // namespace holdfast::runtime
