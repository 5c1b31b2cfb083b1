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

}  // namespace

int open_file(const std::string& path, int flags, mode_t mode) {
    return ::open(path.c_str(), flags | O_CLOEXEC, mode);
}

std::optional<file_error> replace_file(const std::string& path, const std::string& fresh,
                                       std::string_view content, mode_t mode) {
    // a crash may have left it, and it may be another user's
    if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) {
        return file_error{"remove", fresh, errno};
    }
    struct stat old {};
    const bool had_former = ::stat(path.c_str(), &old) == 0;
    {
        const unique_fd out{open_file(fresh, O_WRONLY | O_CREAT | O_EXCL, mode)};
        if (!out) {
            return file_error{"create", fresh, errno};
        }
        if ((had_former && ::fchmod(out.get(), old.st_mode & 07777) != 0) ||
            !write_all(out.get(), content) || ::fsync(out.get()) != 0) {
            return file_error{"write", fresh, errno};
        }
    }
    if (::rename(fresh.c_str(), path.c_str()) != 0) {
        return file_error{"replace", path, errno};
    }
    return std::nullopt;
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

}  // namespace holdfast::os
