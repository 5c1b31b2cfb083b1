// Files that are replaced as a whole and survive a crash of the machine.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::os {

/// The step that failed, the file that it was about, and its errno.
struct file_error {
    const char* step;
    std::string path;
    int code;
};

/// Opens with O_CLOEXEC; -1 and errno, if that fails.
[[nodiscard]] int open_file(const std::string& path, int flags, mode_t mode = 0);

/// Replaces `path`: every reader sees either the former content or all of `content`, also after a
/// crash. The content is first written to `fresh`, which must be on the same file system. The new
/// file has the permissions of the former one, or `mode` (less the umask) if there was none. The
/// new name is durable only after sync_directory().
[[nodiscard]] std::optional<file_error> replace_file(const std::string& path,
                                                     const std::string& fresh,
                                                     std::string_view content, mode_t mode);
/// Opens a file of this directory with O_CLOEXEC, and no link; -1 and errno, if that fails.
[[nodiscard]] int open_file_in(int directory, const std::string& name, int flags, mode_t mode = 0);

/// Makes the names in this directory durable.
[[nodiscard]] std::optional<file_error> sync_directory(const std::string& path);

/// Both.
[[nodiscard]] std::optional<file_error> write_durably(const std::string& directory,
                                                      const std::string& path,
                                                      const std::string& fresh,
                                                      std::string_view content, mode_t mode);
/// The same for two names in an open directory. No link is followed.
[[nodiscard]] std::optional<file_error> write_durably_in(int directory, const std::string& name,
                                                         const std::string& fresh,
                                                         std::string_view content, mode_t mode);

}  // namespace holdfast::os
