// Writes marks and audit records to the state_dir on a thread of its own, so that a slow disk keeps
// nothing else waiting (DISK-1, RECORD-1).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include <holdfast/ids.hpp>
#include <holdfast/result.hpp>

#include "node/audit.hpp"
#include "peer/state_dir.hpp"

namespace holdfast::runtime {

/// What became of `node::persist_records`.
struct records_written {
    peer_id by;
    std::uint64_t number = 0;
    node::write_outcome is{};
    std::optional<error> failure;
};

class mark_writer {
public:
    /// Called on the thread: with what is on the disk, or why a write failed (of audit records:
    /// once for each, and once more if their file is gone). What failed is tried again by itself.
    struct listeners {
        std::function<void(const result<epoch>&)> mark;
        std::function<void(const records_written&)> records;
    };

    mark_writer(std::optional<state_dir> to, listeners tell)
        : to_{std::move(to)}, tell_{std::move(tell)} {}
    ~mark_writer() { stop(); }
    mark_writer(const mark_writer&) = delete;
    mark_writer& operator=(const mark_writer&) = delete;

    /// Without a state_dir there is no thread. Throws std::system_error.
    void start();
    /// Waits for nothing. Of several marks the highest is written.
    void write(epoch mark);
    /// Likewise. What was not written before is left out, for this is then all there is.
    void write(node::persist_records what);
    /// Waits for the end of a write that is under way, and gives the directory up. Again: nothing.
    void stop();

private:
    void run();
    // False: it failed.
    bool write_mark(std::unique_lock<std::mutex>& guard);
    bool write_records(std::unique_lock<std::mutex>& guard);

    std::optional<state_dir> to_;
    listeners tell_;
    std::mutex mutex_;
    std::condition_variable changed_;
    epoch wanted_;  // the highest so far
    bool is_asked_ = false;
    std::optional<node::persist_records> records_;  // to be written
    bool has_complained_ = false;                   // of these
    bool has_news_ = false;                         // since the last try
    bool is_stopping_ = false;
    std::thread thread_;
};

}  // namespace holdfast::runtime
