#ifndef HOLDFAST_CATCH2_V3
#define CATCH_CONFIG_RUNNER
// Its handler allocates: a sanitizer that aborts after a finding would hang in it instead of ending
// the test.
#define CATCH_CONFIG_NO_POSIX_SIGNALS
#endif
#include "catch.hpp"

#include <csignal>

#include "base/assert.hpp"

int main(int argc, char** argv) {
    // A script's shell has them ignored in what it puts into the background, and so would be what a
    // test starts.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGQUIT, SIG_DFL);
    holdfast::base::abort_on_broken_invariant(true);
#ifndef HOLDFAST_SLOW_BUILD
    // The walks over all slots, at each step of each peer of a test, would take most of the time of
    // a sanitizer: some ten grants in 20 s.
    holdfast::base::check_everything(true);
#endif
    return Catch::Session().run(argc, argv);
}
