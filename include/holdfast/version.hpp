// The version of the headers (semantic versioning). The C++ interface promises source compatibility
// within a major version, no binary one; peers of one cluster may run different versions as long as
// their protocols meet
// (`errc::version_mismatch`).
#pragma once

#include <string_view>

#define HOLDFAST_VERSION_MAJOR 0
#define HOLDFAST_VERSION_MINOR 1
#define HOLDFAST_VERSION_PATCH 0

namespace holdfast {

constexpr std::string_view version_text = "0.1.0";

}  // namespace holdfast
