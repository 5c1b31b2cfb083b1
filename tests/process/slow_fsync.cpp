// Preloaded: fsync takes SLOW_FSYNC_MS milliseconds longer, or as many as the file SLOW_FSYNC_FILE
// says, while there is one.
#include <dlfcn.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace {

long delay_ms() {
    if (const char* slow = getenv("SLOW_FSYNC_MS"); slow != nullptr) {
        return std::atol(slow);
    }
    const char* path = getenv("SLOW_FSYNC_FILE");
    const int fd = path != nullptr ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return 0;
    }
    std::array<char, 16> text{};
    (void)!read(fd, text.data(), text.size() - 1);
    close(fd);
    return std::atol(text.data());
}

}  // namespace

extern "C" int fsync(int fd) {
    static const auto real = reinterpret_cast<decltype(&fsync)>(dlsym(RTLD_NEXT, "fsync"));
    const long ms = delay_ms();
    const timespec time{ms / 1000, ms % 1000 * 1'000'000};
    nanosleep(&time, nullptr);
    return real(fd);
}
