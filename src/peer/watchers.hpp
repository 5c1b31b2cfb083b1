// Who watches which lock (WATCH-1): one watch at the node for each name, any number of observers.
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

#include <holdfast/watch.hpp>

namespace holdfast::runtime {

/// One callback of the application.
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
    /// On the callback thread.
    void deliver(const lock_status& now);
    [[nodiscard]] bool wants_all() const { return wants_all_; }
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
class watch_table {
public:
    struct entry {
        std::vector<std::shared_ptr<observer>> observers;
        std::optional<lock_status> last;  ///< for an observer that comes later
        /// the question under way for those who want all holders
        std::optional<std::uint64_t> look;
        bool has_changed = false;  ///< meanwhile: ask once more
    };

    /// Null: nobody watches it.
    [[nodiscard]] entry* find(const std::string& name) {
        const auto at = by_name_.find(name);
        return at == by_name_.end() ? nullptr : &at->second;
    }
    entry& add(std::shared_ptr<observer> o) {
        auto& e = by_name_[o->name()];
        e.observers.push_back(std::move(o));
        return e;
    }
    /// True: it was the last of its name.
    bool remove(const observer& o) {
        const auto at = by_name_.find(o.name());
        if (at == by_name_.end() || std::erase_if(at->second.observers, [&](const auto& one) {
                                        return one.get() == &o;
                                    }) == 0) {
            return false;
        }
        const bool is_last = at->second.observers.empty();
        if (is_last) {
            by_name_.erase(at);
        }
        return is_last;
    }
    /// Whose question that is; null: nobody's.
    [[nodiscard]] std::pair<const std::string, entry>* find_look(std::uint64_t question) {
        for (auto& named : by_name_) {
            if (named.second.look == question) {
                return &named;
            }
        }
        return nullptr;
    }
    /// A new PeerId has new questions.
    void forget_looks() {
        for (auto& [name, e] : by_name_) {
            e.look.reset();
        }
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& [name, e] : by_name_) {
            out.push_back(name);
        }
        return out;
    }

private:
    std::map<std::string, entry> by_name_;
};

}  // namespace holdfast::runtime
