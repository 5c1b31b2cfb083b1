#include "base/assert.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace holdfast::base {
namespace {

std::atomic<bool> abort_instead_of_throwing{false};

}  // namespace

void abort_on_broken_invariant(bool abort_instead) { abort_instead_of_throwing = abort_instead; }

void report_broken_invariant(const char* condition, const char* file, int line) {
    const char* slash = std::strrchr(file, '/');
    const std::string text = std::string{"broken invariant: "} + condition + " at " +
                             (slash ? slash + 1 : file) + ":" + std::to_string(line);
    if (abort_instead_of_throwing) {
        std::fprintf(stderr, "holdfast: %s\n", text.c_str());
        std::abort();
    }
    throw broken_invariant{text};
}

}  // namespace holdfast::base
