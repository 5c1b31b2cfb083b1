#include <cstddef>
#include <cstdio>

#include <holdfast/printable.hpp>

namespace holdfast {
namespace {

struct character {
    char32_t code = 0;
    std::size_t length = 0;  // 0: the next byte begins none
};

unsigned byte_of(char c) { return static_cast<unsigned char>(c); }

/// The character at the start of `text`, which is not empty: UTF-8 as RFC 3629 has it.
character first_of(std::string_view text) {
    const auto lead = byte_of(text[0]);
    if (lead < 0x80) {
        return {lead, 1};
    }
    const std::size_t length = lead < 0xc2   ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0 || text.size() < length) {
        return {};
    }
    char32_t code = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = byte_of(text[i]);
        if ((next & 0xc0U) != 0x80) {
            return {};
        }
        code = code << 6 | (next & 0x3fU);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < least[length] || code > 0x10ffff || is_surrogate) {
        return {};
    }
    return {code, length};
}

/// Above ASCII.
bool is_hidden(char32_t code) {
    const bool is_c1 = code >= 0x80 && code <= 0x9f;
    const bool separates_lines = code == 0x2028 || code == 0x2029;
    const bool turns_the_direction = code == 0x061c || code == 0x200e || code == 0x200f ||
                                     (code >= 0x202a && code <= 0x202e) ||
                                     (code >= 0x2066 && code <= 0x2069);
    return is_c1 || separates_lines || turns_the_direction;
}

void append(std::string& out, const char* format, unsigned value) {
    char escaped[16];
    std::snprintf(escaped, sizeof escaped, format, value);
    out += escaped;
}

void append_control(std::string& out, char c) {
    switch (c) {
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            append(out, "\\x%02x", byte_of(c));
    }
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto [code, length] = first_of(text);
        if (length == 0) {
            append(out, "\\x%02x", byte_of(text[0]));
        } else if (code < 0x20 || code == 0x7f) {
            append_control(out, text[0]);
        } else if (is_hidden(code)) {
            append(out, "\\u%04x", code);
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

std::string printable_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    while (!json.empty()) {
        const auto [code, length] = first_of(json);
        const auto taken = length == 0 ? 1 : length;
        // Below 0x20 nothing stands in a text of JSON; between two of them it is white space.
        if (length > 0 && (code == 0x7f || is_hidden(code))) {
            append(out, "\\u%04x", code);
        } else {
            out += json.substr(0, taken);
        }
        json.remove_prefix(taken);
    }
    return out;
}

}  // namespace holdfast
