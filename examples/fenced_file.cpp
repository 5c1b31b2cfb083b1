// A file that refuses writers whose lock has been granted to another holder since: the check that
// makes pauses harmless.
//
//   fenced_file FILE TOKEN TEXT     writes if no newer token has written; exit code 3 if one has
#include <cstdio>
#include <cstdlib>

#include <holdfast/file_gate.hpp>

int main(int argc, char** argv) {
    const holdfast::token mine{argc == 4 ? std::strtoll(argv[2], nullptr, 10) : 0};
    if (mine.value <= 0) {
        std::fprintf(stderr, "usage: fenced_file FILE TOKEN TEXT\n");
        return 64;
    }
    const holdfast::file_gate gate{argv[1]};
    const auto written = gate.write(mine, std::string{argv[3]} + "\n");
    if (!written) {
        std::fprintf(stderr, "%s\n", written.text.c_str());
        return written.is == holdfast::file_gate::answer::refused ? 3 : 1;
    }
    std::printf("written under token %lld\n", static_cast<long long>(mine.value));
    return 0;
}
