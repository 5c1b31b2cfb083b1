#include "disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

struct renamed {
    std::string from, to;
    std::optional<std::string> before;  ///< what `to` contained
};

bool counts = false;
int count = 0;
int planned_at = 0;
disk::trouble planned = disk::trouble::none;
unsigned planned_loss = 0;
std::set<std::string> unsynced;
std::vector<renamed> pending;

std::string path_of(int fd) {
    return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd));
}

std::optional<std::string> content_of(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return in ? std::optional{std::string{std::istreambuf_iterator<char>{in}, {}}} : std::nullopt;
}

/// True: the call has to fail. Does not return when the process dies here.
bool trouble_comes() {
    if (!counts || ++count != planned_at || planned == disk::trouble::none) {
        return false;
    }
    if (planned == disk::trouble::power_cut) {
        disk::cut_power(planned_loss);
    }
    if (planned == disk::trouble::kill) {
        _exit(disk::died);
    }
    errno = EIO;
    return true;
}

}  // namespace

extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
    if (counts) {
        const auto half = size / 2;
        unsynced.insert(path_of(fd));
        syscall(SYS_write, fd, bytes, half);
        if (trouble_comes()) {
            return -1;
        }
        return static_cast<ssize_t>(half) +
               syscall(SYS_write, fd, static_cast<const char*>(bytes) + half, size - half);
    }
    return syscall(SYS_write, fd, bytes, size);
}

extern "C" int fsync(int fd) {
    if (trouble_comes()) {
        return -1;
    }
    if (counts) {
        const auto path = path_of(fd);
        if (std::filesystem::is_directory(path)) {
            pending.clear();
        }
        unsynced.erase(path);
    }
    // the pretended power cut takes only what is remembered here, and a real sync takes its time
    return 0;
}

extern "C" int renameat(int from_in, const char* from, int to_in, const char* to) noexcept {
    if (trouble_comes()) {
        return -1;
    }
    if (counts) {
        pending.push_back({from, to, content_of(to)});
        if (unsynced.erase(from) > 0) {
            unsynced.insert(to);
        }
    }
    return static_cast<int>(syscall(SYS_renameat2, from_in, from, to_in, to, 0));
}

namespace disk {

void plan(int at, trouble what, unsigned lost) {
    counts = true;
    count = 0;
    planned_at = at;
    planned = what;
    planned_loss = lost;
}

int calls() {
    counts = false;
    return count;
}

void cut_power(unsigned lost) {
    counts = false;
    for (const auto& path : unsynced) {
        if (const auto content = content_of(path)) {
            std::filesystem::resize_file(path, content->size() / 2);
        }
    }
    for (auto i = pending.size(); i-- > 0;) {
        if ((lost >> i & 1) != 0) {
            const auto& r = pending[i];
            std::filesystem::remove(r.to);
            if (r.before) {
                std::ofstream{r.to, std::ios::binary} << *r.before;
            }
        }
    }
    _exit(died);
}

}  // namespace disk
