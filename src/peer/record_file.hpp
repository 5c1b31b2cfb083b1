// The audit records in a state_dir (RECORD-1): a file to which records are appended, each with its
// checksum, and which is replaced as a whole when the core says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/audit_log.hpp>
#include <holdfast/result.hpp>

namespace holdfast::runtime {

struct found_records {
    audit_history what;      ///< former states of records are among them
    bool is_intact = false;  ///< there is a file, and more can be written behind what was found
    std::optional<error> complaint;
};

/// Nothing rests on these records, so nothing here keeps a peer from its work: what cannot be read
/// is complained of and set aside, under another name.
class record_file {
public:
    /// `directory` is open as long as this lives; `path`: for people.
    record_file(int directory, std::string path) : directory_{directory}, path_{std::move(path)} {}

    /// All records that are whole. Before the first write.
    [[nodiscard]] found_records load();
    /// On success they are on the disk. `io_error`: what was there is there, and nothing else.
    /// Where there is no file any more nothing is appended, until it was replaced.
    [[nodiscard]] result<void> append(const audit_history& what);
    [[nodiscard]] result<void> replace(const audit_history& all);
    /// The last write was to be appended, and found no file.
    [[nodiscard]] bool is_gone() const { return is_gone_; }

private:
    [[nodiscard]] tl::unexpected<error> refused(const char* step, const std::string& name,
                                                int code) const;
    /// All of it; nothing: there is none.
    [[nodiscard]] result<std::optional<std::string>> read() const;
    [[nodiscard]] result<void> set_aside() const;

    int directory_;
    std::string path_;
    std::uint64_t end_ = 0;      // of what is whole
    std::int64_t since_ms_ = 0;  // since when it is, as it says
    bool is_unreadable_ = false;
    bool is_gone_ = false;
};

}  // namespace holdfast::runtime
