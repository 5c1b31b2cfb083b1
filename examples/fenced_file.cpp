// A file that refuses writers whose lock has been granted to somebody else since: the check that makes pauses harmless.
//
//   fenced_file FILE TOKEN TEXT     writes if no newer token has written; exit code 3 if one has
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <holdfast/gate.hpp>

int main(int argc, char** argv) {
    const holdfast::token mine{argc == 4 ? std::strtoll(argv[2], nullptr, 10) : 0};
    if (mine.value <= 0) {
        std::fprintf(stderr, "usage: fenced_file FILE TOKEN TEXT\n");
        return 64;
    }
    const int fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        std::perror(argv[1]);
        return 1;
    }
    // The first line of the file is the highest token that has written to it. Check and write are one step under flock.
    char line[32] = {};
    const auto size = pread(fd, line, sizeof line - 1, 0);
    const holdfast::token seen{size > 0 ? std::strtoll(line, nullptr, 10) : 0};
    holdfast::gate gate{{seen, seen}};
    if (!gate.admit(mine)) {
        std::printf("refused: token %lld is older than %lld\n", static_cast<long long>(mine.value), static_cast<long long>(seen.value));
        return 3;
    }
    const std::string content = std::to_string(mine.value) + "\n" + argv[3] + "\n";
    const auto length = static_cast<ssize_t>(content.size());
    if (pwrite(fd, content.data(), content.size(), 0) != length || ftruncate(fd, length) != 0 || fsync(fd) != 0) {
        std::perror(argv[1]);
        return 1;
    }
    std::printf("written under token %lld\n", static_cast<long long>(mine.value));
    return 0;
}
