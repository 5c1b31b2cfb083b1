// What survives a restart of all peers: a mark that no epoch known here is above (FOUND-5, DISK-1),
// and audit records (RECORD-1).
#pragma once

#include <chrono>
#include <string>

#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

#include "os/unique_fd.hpp"
#include "peer/record_file.hpp"

namespace holdfast::runtime {

/// A directory that is this peer's alone while it lives.
class state_dir {
public:
    /// How long it waits for a former process that is about to end.
    static constexpr std::chrono::seconds longest_wait{5};

    /// Makes it if it is missing, and opens it once: what is at its path later does not matter.
    /// `bad_config`: it is a link, or others can write to it. `io_error`: another process has it,
    /// or the system's words.
    [[nodiscard]] static result<state_dir> open(const std::string& path,
                                                std::chrono::milliseconds wait = longest_wait);

    /// 0: none was stored yet. `bad_config`: it is no file of ours. `io_error`.
    [[nodiscard]] result<epoch> load() const;
    /// On success it is on the disk. `io_error`.
    [[nodiscard]] result<void> store(epoch mark) const;
    [[nodiscard]] record_file& records() { return records_; }

private:
    state_dir(std::string path, os::unique_fd fd)
        : path_{std::move(path)}, fd_{std::move(fd)}, records_{fd_.get(), path_} {}

    std::string path_;  // for people
    os::unique_fd fd_;
    record_file records_;
};

}  // namespace holdfast::runtime
