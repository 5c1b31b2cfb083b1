// A folder that is there as long as the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "catch.hpp"

namespace test_support {

struct temporary_folder {
    temporary_folder() { REQUIRE(mkdtemp(path.data()) != nullptr); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }

    [[nodiscard]] std::string at(std::string_view name) const {
        return path + "/" + std::string{name};
    }

    std::string path = (std::filesystem::temp_directory_path() / "holdfast-test-XXXXXX").string();
};

}  // namespace test_support
