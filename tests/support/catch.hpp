// Catch2, version 2 or 3: the distribution's.
#pragma once

#ifdef HOLDFAST_CATCH2_V3
#include <catch2/catch_all.hpp>
using Catch::Approx;  // version 2 has it without a name space
#else
#include <catch2/catch.hpp>
#endif
