#include "os/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "os/unique_fd.hpp"

namespace holdfast::os {
namespace {

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

/// Names are of the directory `at`, and links are not followed, if `flag` is AT_SYMLINK_NOFOLLOW.
std::optional<file_error> replace_at(int at, int flag, const std::string& path,
                                     const std::string& fresh, std::string_view content,
                                     mode_t mode) {
    // a crash may have left it, and it may be another user's
    if (::unlinkat(at, fresh.c_str(), 0) != 0 && errno != ENOENT) {
        return file_error{"remove", fresh, errno};
    }
    struct stat old {};
    const bool had_former = ::fstatat(at, path.c_str(), &old, flag) == 0 && S_ISREG(old.st_mode);
    {
        const unique_fd out{
            ::openat(at, fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
        if (!out) {
            return file_error{"create", fresh, errno};
        }
        if ((had_former && ::fchmod(out.get(), old.st_mode & 07777) != 0) ||
            !write_all(out.get(), content) || ::fsync(out.get()) != 0) {
            const file_error why{"write", fresh, errno};
            ::unlinkat(at, fresh.c_str(), 0);  // on a full disk it takes room from others
            return why;
        }
    }
    if (::renameat(at, fresh.c_str(), at, path.c_str()) != 0) {
        return file_error{"replace", path, errno};
    }
    return std::nullopt;
}

}  // namespace

int open_file(const std::string& path, int flags, mode_t mode) {
    return ::open(path.c_str(), flags | O_CLOEXEC, mode);
}

int open_file_in(int directory, const std::string& name, int flags, mode_t mode) {
    return ::openat(directory, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

std::optional<file_error> replace_file(const std::string& path, const std::string& fresh,
                                       std::string_view content, mode_t mode) {
    return replace_at(AT_FDCWD, 0, path, fresh, content, mode);
}

std::optional<file_error> sync_directory(const std::string& path) {
    const unique_fd names{open_file(path, O_RDONLY | O_DIRECTORY)};
    if (!names || ::fsync(names.get()) != 0) {
        return file_error{"sync", path, errno};
    }
    return std::nullopt;
}

std::optional<file_error> write_durably(const std::string& directory, const std::string& path,
                                        const std::string& fresh, std::string_view content,
                                        mode_t mode) {
    if (auto failed = replace_file(path, fresh, content, mode)) {
        return failed;
    }
    return sync_directory(directory);
}

std::optional<file_error> write_durably_in(int directory, const std::string& name,
                                           const std::string& fresh, std::string_view content,
                                           mode_t mode) {
    if (auto failed = replace_at(directory, AT_SYMLINK_NOFOLLOW, name, fresh, content, mode)) {
        return failed;
    }
    if (::fsync(directory) != 0) {
        return file_error{"sync", name, errno};
    }
    return std::nullopt;
}

}  // namespace holdfast::os
