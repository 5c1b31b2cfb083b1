// Several locks at once, all or none (ALL-1).
//
// Every caller asks for them one after another in the same order, that of the bytes of their names.
// Suppose that some callers wait for each other in a circle. The caller that holds the greatest of
// their names waits for a greater one, which none of them holds. So there is no such circle (E. W.
// Dijkstra's hierarchy of resources, EWD 310).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::lock {

class multi_lock {
public:
    /// No name may be there twice.
    explicit multi_lock(std::vector<std::string> names);
    [[nodiscard]] static std::optional<std::string> given_twice(std::vector<std::string> names);

    /// Which is to be asked for now, by its place among the names as given. None: it is decided.
    [[nodiscard]] std::optional<std::size_t> wanted() const;
    /// The one that was wanted. Also one that comes after all has failed: it is to be given back
    /// with the others.
    void was_granted();
    void was_refused() { has_failed_ = true; }
    /// One that had been granted.
    void was_lost(std::size_t at);

    [[nodiscard]] bool has_failed() const { return has_failed_; }
    [[nodiscard]] bool has_all() const { return !has_failed_ && order_.size() == granted_; }
    /// Those that were granted and not lost. If it has failed, all of them are to be released.
    [[nodiscard]] std::vector<std::size_t> held() const;

private:
    std::vector<std::string> names_;
    std::vector<std::size_t> order_;
    std::vector<bool> is_lost_;  // by place
    std::size_t granted_ = 0;    // of the order
    bool has_failed_ = false;
};

}  // namespace holdfast::lock
