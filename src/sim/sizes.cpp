#include "sim/sizes.hpp"

#include <charconv>
#include <system_error>

#include "base/random.hpp"

namespace holdfast::sim {
namespace {

std::optional<std::size_t> parse_size(std::string_view text) {
    std::size_t n = 0;
    const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), n);
    const bool is_number = why == std::errc{} && end == text.data() + text.size();
    return is_number && n >= 1 && n <= most_nodes ? std::optional{n} : std::nullopt;
}

}  // namespace

std::optional<sizes> parse_sizes(std::string_view text) {
    const auto dash = text.find('-');
    const auto least = parse_size(text.substr(0, dash));
    const auto most = dash == std::string_view::npos ? least : parse_size(text.substr(dash + 1));
    return least && most && *least <= *most ? std::optional{sizes{*least, *most}} : std::nullopt;
}

std::size_t draw_size(const sizes& from, std::uint64_t seed) {
    base::random_source random{seed * 0xBF58476D1CE4E5B9ULL + 1};
    return from.least + random.below(from.most - from.least + 1);
}

}  // namespace holdfast::sim
