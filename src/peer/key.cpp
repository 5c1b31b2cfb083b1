#include "peer/key.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>

namespace holdfast::runtime {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+' || c == '-') {
        return 62;
    }
    return c == '/' || c == '_' ? 63 : -1;
}

/// Reads `bits` from each character; nothing when one is no digit. Left-over bits are padding.
std::vector<std::byte> read_digits(std::string_view text, int (*digit)(char), unsigned bits) {
    std::vector<std::byte> out;
    std::uint32_t window = 0;
    unsigned held = 0;
    for (const char c : text) {
        const int value = digit(c);
        if (value < 0) {
            return {};
        }
        window = (window << bits | static_cast<std::uint32_t>(value)) & 0xffff;
        held += bits;
        if (held >= 8) {
            held -= 8;
            out.push_back(static_cast<std::byte>(window >> held));
        }
    }
    return out;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const auto from = text.find_first_not_of(space);
    return from == std::string_view::npos
               ? std::string_view{}
               : text.substr(from, text.find_last_not_of(space) - from + 1);
}

}  // namespace

result<std::vector<std::byte>> parse_key(std::string_view text) {
    std::vector<std::byte> out;
    if (text.size() == 2 * key_bytes) {
        out = read_digits(text, hex_digit, 4);
    } else {
        while (text.ends_with('=')) {
            text.remove_suffix(1);
        }
        if (text.size() == 43) {  // 32 bytes are 256 bits: 42 digits of 6, and one more
            out = read_digits(text, base64_digit, 6);
        }
    }
    if (out.size() != key_bytes) {
        return fail(errc::bad_config, "needs 64 hexadecimal digits, or base64 of 32 bytes");
    }
    return out;
}

result<std::vector<std::byte>> read_key_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rbe"),
                                                               std::fclose};
    if (!file) {
        return fail(errc::io, path + ": " + std::strerror(errno));
    }
    std::string content(256, '\0');
    content.resize(std::fread(content.data(), 1, content.size(), file.get()));
    if (content.size() == key_bytes) {
        const auto* bytes = reinterpret_cast<const std::byte*>(content.data());
        return std::vector<std::byte>{bytes, bytes + content.size()};
    }
    auto parsed = parse_key(trimmed(content));
    if (!parsed) {
        return fail(errc::bad_config, path + " " + parsed.error().text + ", or 32 raw bytes");
    }
    return parsed;
}

}  // namespace holdfast::runtime
