#ifndef HOLDFAST_CATCH2_V3
#define CATCH_CONFIG_RUNNER
#endif
#include "catch.hpp"

#include "base/assert.hpp"

int main(int argc, char** argv) {
    holdfast::base::abort_on_broken_invariant(true);
    return Catch::Session().run(argc, argv);
}
