// What happened, one line for each event, on disk before the next thing is done: a process that is
// killed loses nothing it has told. Times are nanoseconds of the boot-time clock, the same for all
// processes of a machine.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <string>

namespace chaos {

inline std::int64_t now() {
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}

/// Any thread may call.
class history {
public:
    explicit history(const std::string& path)
        : fd_{open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)} {
        if (fd_ < 0) {
            std::abort();
        }
    }
    history(const history&) = delete;
    history& operator=(const history&) = delete;
    ~history() { close(fd_); }

    template <class... Words>
    void tell(const Words&... words) {
        std::ostringstream line;
        const char* between = "";
        ((line << between << words, between = " "), ...);
        line << '\n';
        const auto bytes = line.str();
        // A disk that is full must not pass for a process that did nothing.
        if (write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
            std::abort();
        }
    }

private:
    int fd_;
};

}  // namespace chaos
