#include "peer/state_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

#include "os/durable_file.hpp"

namespace holdfast::runtime {
namespace {

constexpr std::string_view epoch_heading = "holdfast epoch 1\n";
constexpr std::chrono::milliseconds between_tries{20};
const std::string epoch_file = "epoch";

tl::unexpected<error> refused(std::string_view step, const std::string& path, int code) {
    return fail(errc::io_error,
                "state_dir: cannot " + std::string{step} + " " + path + ": " + std::strerror(code));
}

/// Who can write here can take tokens back.
result<void> check_owner(const std::string& path, const struct stat& is) {
    if (is.st_uid != geteuid()) {
        return fail(errc::bad_config, "state_dir: " + path + " belongs to another user (" +
                                          std::to_string(is.st_uid) +
                                          "); it must belong to the user that this peer runs as: "
                                          "chown it, or name another");
    }
    if ((is.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(errc::bad_config, "state_dir: others can write to " + path +
                                          "; take that from them: chmod go-w " + path);
    }
    return {};
}

result<void> lock_directory(const os::unique_fd& directory, const std::string& path,
                            std::chrono::milliseconds wait) {
    const auto until = std::chrono::steady_clock::now() + wait;
    while (flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return refused("lock", path, errno);
        }
        if (std::chrono::steady_clock::now() >= until) {
            return fail(errc::io_error, "state_dir: another process uses " + path +
                                            "; stop it, or give each peer a directory of its own");
        }
        std::this_thread::sleep_for(between_tries);
    }
    return {};
}

/// The directory's own name is to be as durable as what will be in it. As far as possible: not
/// every parent can be read.
void sync_name(const os::unique_fd& directory) {
    const os::unique_fd parent{os::open_file_in(directory.get(), "..", O_RDONLY | O_DIRECTORY)};
    if (parent) {
        (void)fsync(parent.get());
    }
}

}  // namespace

result<state_dir> state_dir::open(const std::string& path, std::chrono::milliseconds wait) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return refused("create", path, errno);
    }
    os::unique_fd fd{os::open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)};
    struct stat is {};
    if (!fd) {
        const int why = errno;
        if (lstat(path.c_str(), &is) == 0 && S_ISLNK(is.st_mode)) {
            return fail(errc::bad_config,
                        "state_dir: " + path + " is a link; name the directory itself");
        }
        return refused("open", path, why);
    }
    if (fstat(fd.get(), &is) != 0) {
        return refused("look at", path, errno);
    }
    if (auto checked = check_owner(path, is); !checked) {
        return tl::unexpected<error>{std::move(checked.error())};
    }
    if (auto locked = lock_directory(fd, path, wait); !locked) {
        return tl::unexpected<error>{std::move(locked.error())};
    }
    // Made now, or by a start that wrote nothing; later no start waits for a disk.
    if (faccessat(fd.get(), epoch_file.c_str(), F_OK, 0) != 0) {
        sync_name(fd);
    }
    return state_dir{path, std::move(fd)};
}

result<epoch> state_dir::load() const {
    const auto path = path_ + "/" + epoch_file;
    // A pipe of that name would keep the open waiting.
    const os::unique_fd in{os::open_file_in(fd_.get(), epoch_file, O_RDONLY | O_NONBLOCK)};
    if (!in) {
        return errno == ENOENT ? result<epoch>{epoch{}} : refused("open", path, errno);
    }
    char bytes[64];
    const auto size = read(in.get(), bytes, sizeof bytes);
    if (size < 0) {
        return refused("read", path, errno);
    }
    std::string_view text{bytes, static_cast<std::size_t>(size)};
    std::uint32_t value = 0;
    if (text.starts_with(epoch_heading)) {
        text.remove_prefix(epoch_heading.size());
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
        if (parsed.ec == std::errc{} &&
            std::string_view{parsed.ptr, text.data() + text.size()} == "\n") {
            return epoch{value};
        }
    }
    // Going on from 0 could give a token twice: a person must look.
    return fail(
        errc::bad_config,
        "state_dir: " + path +
            " is damaged; restore it, or remove it if every lock of the cluster may be forgotten");
}

result<void> state_dir::store(epoch mark) const {
    const auto text = std::string{epoch_heading} + std::to_string(mark.value) + "\n";
    if (const auto why =
            os::write_durably_in(fd_.get(), epoch_file, epoch_file + ".new", text, 0600)) {
        return refused(why->step, path_ + "/" + why->path, why->code);
    }
    return {};
}

}  // namespace holdfast::runtime
