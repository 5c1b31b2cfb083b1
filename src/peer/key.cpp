#include "peer/key.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "net/seal.hpp"

namespace holdfast::runtime {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const auto from = text.find_first_not_of(space);
    return from == std::string_view::npos
               ? std::string_view{}
               : text.substr(from, text.find_last_not_of(space) - from + 1);
}

}  // namespace

result<std::vector<std::byte>> parse_key(std::string_view text) {
    const auto bytes =
        text.size() == 2 * key_bytes ? net::decode_hex(text) : net::decode_base64(text);
    if (!bytes || bytes->size() != key_bytes) {
        return fail(errc::bad_config, "needs 64 hexadecimal digits, or base64 of 32 bytes");
    }
    return *bytes;
}

result<std::vector<std::byte>> read_key_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rbe"),
                                                               std::fclose};
    if (!file) {
        return fail(errc::io_error, path + ": " + std::strerror(errno));
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
