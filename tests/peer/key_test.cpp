// The cluster's key as text.
#include "peer/key.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

using namespace holdfast;
using runtime::parse_key;

namespace {

/// The bytes 0xe0 to 0xff, whose base64 has the two digits in which the alphabets differ.
std::vector<std::byte> sample_key() {
    std::vector<std::byte> out;
    for (int i = 0xe0; i <= 0xff; ++i) {
        out.push_back(static_cast<std::byte>(i));
    }
    return out;
}

constexpr std::string_view hex = "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
constexpr std::string_view base64 = "4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=";
constexpr std::string_view base64url = "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8";

}  // namespace

TEST_CASE("a key is read from hexadecimal digits of either case, and from base64 of either kind") {
    for (const auto& text :
         {std::string{hex},
          std::string{"E0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF"} + std::string{hex.substr(32)},
          std::string{base64}, std::string{base64.substr(0, 43)}, std::string{base64url},
          std::string{base64url} + "="}) {
        CAPTURE(text);
        const auto key = parse_key(text);
        REQUIRE(key);
        CHECK(*key == sample_key());
    }
}

TEST_CASE("what is no key of 32 bytes is refused, and is not in the text of the error") {
    for (const auto& text :
         {std::string{}, std::string{hex.substr(2)}, std::string{hex} + "00",
          std::string{hex.substr(0, 63)} + "g", std::string{base64.substr(0, 40)},
          std::string{base64.substr(0, 42)} + "!", std::string{base64.substr(0, 42)} + " ",
          std::string(43, '='), std::string{base64url} + "AAAA", std::string(64, ' ')}) {
        CAPTURE(text);
        const auto key = parse_key(text);
        REQUIRE_FALSE(key);
        CHECK(key.error().code == errc::bad_config);
        CHECK((text.empty() || key.error().text.find(text) == std::string::npos));
    }
}
