// What this process was started with. It is read before anything changes it, and given to the
// programs that this one starts, which run as they would without holdfast.
#pragma once

#include <signal.h>

#include <array>

namespace holdfast_tool {

/// Opens /dev/null in place of those of the standard descriptors that are closed: else the next
/// file or socket took the number, and what is printed went there. The first call of the program.
/// False when it cannot be opened.
[[nodiscard]] bool open_standard_descriptors();

/// The signals that were ignored, and those that were blocked.
class started_with {
public:
    started_with();

    [[nodiscard]] bool ignores(int signal_number) const;
    /// In a child, before it executes another program.
    void give_back() const;

private:
    std::array<bool, NSIG> is_ignored_{};
    sigset_t blocked_{};
};

/// Of this process. To be called first by `main`.
const started_with& at_start();

}  // namespace holdfast_tool
