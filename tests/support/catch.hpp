// Catch2, version 2 or 3: the distribution's.
#pragma once

#ifdef HOLDFAST_CATCH2_V3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
