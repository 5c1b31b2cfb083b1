#include "peer/identity.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace holdfast::runtime {
namespace {

/// FNV-1a.
std::uint64_t hashed(std::string_view bytes, std::uint64_t sum = 0xcbf29ce484222325) {
    for (const char c : bytes) {
        sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    return sum;
}

/// Field 22 of /proc/PID/stat. The name before it is in brackets and may contain anything.
std::optional<std::uint64_t> start_time(std::uint32_t pid) {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
    std::string text;
    if (!std::getline(in, text) || text.rfind(')') == std::string::npos) {
        return std::nullopt;
    }
    std::istringstream rest{text.substr(text.rfind(')') + 1)};
    std::string word;
    for (int field = 3; field <= 22 && rest >> word; ++field) {
    }
    std::uint64_t ticks = 0;
    const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), ticks);
    return rest && wrong == std::errc{} && end == word.data() + word.size() ? std::optional{ticks}
                                                                            : std::nullopt;
}

/// The ids of this process, from the namespace of /proc inwards. One: /proc is that of our own.
bool is_own_proc() {
    std::ifstream in{"/proc/self/status"};
    std::string line;
    constexpr std::string_view key = "NSpid:";
    while (std::getline(in, line)) {
        if (line.starts_with(key)) {
            std::istringstream ids{line.substr(key.size())};
            pid_t first = 0;
            pid_t second = 0;
            return ids >> first && first == getpid() && !(ids >> second);
        }
    }
    return false;
}

#if defined(__SANITIZE_THREAD__)
constexpr bool is_thread_checked = true;
#elif defined(__has_feature)
constexpr bool is_thread_checked = __has_feature(thread_sanitizer);
#else
constexpr bool is_thread_checked = false;
#endif

os::unique_fd open_process(pid_t pid) {
    const auto opened = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (!is_thread_checked || opened < 0) {
        return os::unique_fd{opened};
    }
    // The thread sanitizer sees no descriptor opened by a system call, nor one that libuv closes by
    // one. It takes this for a descriptor that had the number before. So it sees a file opened,
    // whose number is then given to the descriptor (a dup that it sees would end the former one).
    const int seen = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (seen < 0) {
        return os::unique_fd{opened};
    }
    ::syscall(SYS_dup3, opened, seen, O_CLOEXEC);
    ::syscall(SYS_close, opened);
    return os::unique_fd{seen};
}

}  // namespace

process_identity own_identity() {
    std::ifstream in{"/proc/sys/kernel/random/boot_id"};
    std::string boot;
    struct stat space {
    }, time_space{};
    const auto pid = static_cast<std::uint32_t>(getpid());
    const auto started = start_time(pid);
    if (!std::getline(in, boot) || stat("/proc/self/ns/pid", &space) != 0 || !started ||
        !is_own_proc()) {
        return {};
    }
    // Start times are told as the reader's time namespace has them: another one's would look like
    // another process. Where there are none, the fields stay 0.
    (void)stat("/proc/self/ns/time", &time_space);
    const auto machine =
        hashed(boot + ' ' + std::to_string(space.st_dev) + ' ' + std::to_string(space.st_ino) +
               ' ' + std::to_string(time_space.st_ino));
    return {machine == 0 ? 1 : machine, pid, *started};
}

looked_for look_for(const process_identity& process) {
    looked_for out;
    if (process.machine == 0 || process.pid == 0 ||
        process.pid > static_cast<std::uint32_t>(std::numeric_limits<pid_t>::max())) {
        return out;
    }
    const auto pid = static_cast<pid_t>(process.pid);
    // Whatever has that id now is what the descriptor stays with: when the start time read after it
    // is the one wanted, it is of the process wanted.
    out.handle = open_process(pid);
    if (!out.handle && (errno == ESRCH || (kill(pid, 0) != 0 && errno == ESRCH))) {
        out.is_gone = true;
        return out;
    }
    const auto started = start_time(process.pid);
    pollfd ended{out.handle.get(), POLLIN, 0};
    // The start time is told as /proc and the time namespace have it now: this thread may have
    // entered others since the start.
    const bool is_another =
        started && *started != process.started && own_identity().machine == process.machine;
    const bool has_ended = out.handle && ::poll(&ended, 1, 0) == 1 && (ended.revents & POLLIN) != 0;
    if (is_another || has_ended) {
        out.is_gone = true;
        out.handle.reset();
    }
    return out;
}

}  // namespace holdfast::runtime
