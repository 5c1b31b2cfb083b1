#include "descendants.hpp"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace holdfast_tool {
namespace {

/// A process as a /proc shows it.
struct entry {
    pid_t parent = 0;        // by the numbers of that /proc
    std::vector<pid_t> own;  // its number there, and in each process namespace below
};

entry look_at(const std::string& process) {
    entry out;
    std::ifstream status{"/proc/" + process + "/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("PPid:")) {
            out.parent = static_cast<pid_t>(std::strtol(line.c_str() + 5, nullptr, 10));
        } else if (line.starts_with("NSpid:")) {
            std::istringstream numbers{line.substr(6)};
            for (pid_t one = 0; numbers >> one;) {
                out.own.push_back(one);
            }
            break;  // it comes after PPid
        }
    }
    return out;
}

/// The number is not another process's: only we wait for our children, so a child keeps it.
bool is_child(pid_t id) {
    siginfo_t ignored{};
    return waitid(P_PID, static_cast<id_t>(id), &ignored, WEXITED | WNOHANG | WNOWAIT | __WALL) ==
           0;
}

}  // namespace

bool become_subreaper() { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0; }

void for_each_child(const std::function<void(pid_t)>& call) {
    const auto self = look_at("self");
    const std::unique_ptr<DIR, int (*)(DIR*)> all{opendir("/proc"), closedir};
    if (!all || self.own.empty()) {
        return;
    }
    const auto depth = self.own.size();
    while (const auto* one = readdir(all.get())) {
        if (one->d_name[0] < '0' || one->d_name[0] > '9') {
            continue;
        }
        const auto found = look_at(one->d_name);
        if (found.parent == self.own.front() && found.own.size() >= depth &&
            is_child(found.own[depth - 1])) {
            call(found.own[depth - 1]);
        }
    }
}

std::vector<pid_t> children() {
    std::vector<pid_t> out;
    for_each_child([&](pid_t one) { out.push_back(one); });
    return out;
}

}  // namespace holdfast_tool
