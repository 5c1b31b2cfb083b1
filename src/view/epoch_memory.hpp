// What a peer knows of epochs (FOUND-5, FOUND-9): from views, from its state_dir, from others.
#pragma once

#include <algorithm>

#include <holdfast/ids.hpp>

#include "base/settings.hpp"
#include "base/state_access.hpp"

namespace holdfast::views {

class epoch_memory {
public:
    explicit epoch_memory(const base::remembered_epochs& at_start)
        : known_{at_start.highest}, agreed_{at_start.agreed} {}

    /// A view of this epoch was installed here, or accepted.
    void agree(epoch e) {
        known_ = std::max(known_, e);
        agreed_ = std::max(agreed_, e);
    }
    /// View 1 of a founding was accepted here. It may be given up again, for another one.
    void accept_founding(epoch e) { accepted_ = std::max(accepted_, e); }
    /// Another peer says that it agreed to this one.
    void hear(epoch e) { heard_ = std::max(heard_, e); }

    /// For others to hear: what was agreed, and no mark, for marks lie ahead of what happened.
    [[nodiscard]] epoch agreed() const { return std::max(agreed_, accepted_); }
    /// What this process is sure of: it agreed to it, or its file or a person says so.
    [[nodiscard]] epoch own() const { return std::max(known_, accepted_); }
    /// What a founding must rise above, but for the one that was accepted here.
    [[nodiscard]] epoch named() const { return std::max(known_, heard_); }
    [[nodiscard]] epoch highest() const { return std::max(own(), heard_); }

private:
    friend struct explore::state_access;

    epoch known_;
    epoch agreed_;
    epoch accepted_;
    epoch heard_;
};

}  // namespace holdfast::views
