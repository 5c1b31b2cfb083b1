// Preloaded: fsync takes SLOW_FSYNC_MS milliseconds longer.
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

extern "C" int fsync(int fd) {
    static const auto real = reinterpret_cast<decltype(&fsync)>(dlsym(RTLD_NEXT, "fsync"));
    const char* slow = getenv("SLOW_FSYNC_MS");
    const long ms = slow != nullptr ? std::atol(slow) : 0;
    const timespec time{ms / 1000, ms % 1000 * 1'000'000};
    nanosleep(&time, nullptr);
    return real(fd);
}
