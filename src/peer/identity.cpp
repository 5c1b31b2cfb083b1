#include "peer/identity.hpp"

#include <signal.h>
#include <sys/stat.h>
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

}  // namespace

process_identity own_identity() {
    std::ifstream in{"/proc/sys/kernel/random/boot_id"};
    std::string boot;
    struct stat space {
    }, time_space{};
    const auto pid = static_cast<std::uint32_t>(getpid());
    const auto started = start_time(pid);
    if (!std::getline(in, boot) || stat("/proc/self/ns/pid", &space) != 0 || !started) {
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

bool is_gone(const process_identity& of) {
    if (of.machine == 0 || of.pid == 0 ||
        of.pid > static_cast<std::uint32_t>(std::numeric_limits<pid_t>::max())) {
        return false;
    }
    if (kill(static_cast<pid_t>(of.pid), 0) != 0 && errno == ESRCH) {
        return true;
    }
    const auto started = start_time(of.pid);
    return started && *started != of.started;
}

}  // namespace holdfast::runtime
