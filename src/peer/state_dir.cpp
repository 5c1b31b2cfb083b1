#include "peer/state_dir.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

namespace holdfast::runtime {
namespace {

constexpr std::string_view heading = "holdfast epoch 1\n";

class file {
public:
    file(const std::string& path, int flags) : fd_{open(path.c_str(), flags | O_CLOEXEC, 0644)} {}
    ~file() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    file(const file&) = delete;
    file& operator=(const file&) = delete;

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] int descriptor() const { return fd_; }

private:
    int fd_;
};

tl::unexpected<error> refused(const std::string& path, const char* doing) {
    return fail(errc::io, "state_dir: cannot " + std::string{doing} + " " + path + ": " +
                              std::strerror(errno));
}

std::string path_in(const std::string& directory) { return directory + "/epoch"; }

}  // namespace

result<epoch> load_epoch(const std::string& directory) {
    if (mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
        return refused(directory, "create");
    }
    const auto path = path_in(directory);
    const file in{path, O_RDONLY};
    if (!in.is_open()) {
        return errno == ENOENT ? result<epoch>{epoch{}} : refused(path, "open");
    }
    char bytes[64];
    const auto size = read(in.descriptor(), bytes, sizeof bytes);
    if (size < 0) {
        return refused(path, "read");
    }
    std::string_view text{bytes, static_cast<std::size_t>(size)};
    std::uint32_t value = 0;
    if (text.starts_with(heading)) {
        text.remove_prefix(heading.size());
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

result<void> store_epoch(const std::string& directory, epoch highest) {
    const auto path = path_in(directory);
    const auto fresh = path + ".new";
    const auto text = std::string{heading} + std::to_string(highest.value) + "\n";
    {
        const file out{fresh, O_WRONLY | O_CREAT | O_TRUNC};
        if (!out.is_open()) {
            return refused(fresh, "create");
        }
        if (write(out.descriptor(), text.data(), text.size()) !=
                static_cast<ssize_t>(text.size()) ||
            fsync(out.descriptor()) != 0) {
            return refused(fresh, "write");
        }
    }
    if (rename(fresh.c_str(), path.c_str()) != 0) {
        return refused(path, "replace");
    }
    // the new name has to be on the disk, too
    const file names{directory, O_RDONLY | O_DIRECTORY};
    if (!names.is_open() || fsync(names.descriptor()) != 0) {
        return refused(directory, "sync");
    }
    return {};
}

}  // namespace holdfast::runtime
