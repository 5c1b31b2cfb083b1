// The gate of what an HTTP server keeps: the header that brings a request's token, and which status
// answers it.
//
// Header only, without the rest of the library and for any HTTP library: link nothing to use it.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/gate.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

/// Under which hold a request was sent. As the value of its header:
///
///     Holdfast-Token: "orders/42";token="193272115200001"
///     Holdfast-Token: "orders/42";token="193272115200001";shared
///
/// That is an Item of a structured field (RFC 8941) in its canonical form, so libraries for those
/// write and read it. The name may be any bytes: what is not printable ASCII, and `"`, `\` and `%`,
/// is percent-encoded. The token is a string because numbers have at most 15 digits there, and a
/// token up to 19.
struct http_token {
    static constexpr const char* header = "Holdfast-Token";

    std::string lock;
    holdfast::token token;
    access how = access::exclusive;

    bool operator==(const http_token&) const = default;

    [[nodiscard]] std::string text() const {
        constexpr char digits[] = "0123456789ABCDEF";
        std::string out = "\"";
        for (const char c : lock) {
            if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '%') {
                const auto byte = static_cast<unsigned char>(c);
                out += {'%', digits[byte / 16], digits[byte % 16]};
            } else {
                out += c;
            }
        }
        out += "\";token=\"" + std::to_string(token.value) + "\"";
        return how == access::shared ? out + ";shared" : out;
    }

    /// Nothing for all that `text()` would not have written, and for tokens that no lock grants.
    [[nodiscard]] static std::optional<http_token> parse(std::string_view from) {
        constexpr std::string_view between = "\";token=\"", shared = "\";shared";
        const auto end_of_name = from.find(between);
        if (!from.starts_with('"') || end_of_name == from.npos) {
            return std::nullopt;
        }
        http_token out;
        for (std::size_t i = 1; i < end_of_name; ++i) {
            char c = from[i];
            if (c == '%') {
                unsigned char byte = 0;
                std::from_chars(from.data() + i + 1, from.data() + std::min(i + 3, end_of_name),
                                byte, 16);
                c = static_cast<char>(byte);
                i += 2;
            }
            out.lock += c;
        }
        const auto digits = from.substr(end_of_name + between.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), out.token.value);
        out.how = digits.ends_with(shared) ? access::shared : access::exclusive;
        // Whatever was taken too easily above is written differently.
        return out.token.value > 0 && out.text() == from ? std::optional{std::move(out)}
                                                         : std::nullopt;
    }
};

/// A gate at one guarded resource. The server says which lock guards it: tokens of another lock
/// have no order with it, and a gate for each name that requests bring would let them fill the
/// memory.
///
/// The marks are in this process. Where the resource outlives it, store them with the resource
/// (`seen`), or use a gate that does (file_gate.hpp, sql_gate.hpp) behind `check`; so too where
/// several servers serve one resource. A token proves nothing about who sends it: authenticate the
/// sender, for one who makes up a high token shuts all others out.
///
/// Any thread may call.
class http_gate {
public:
    /// not one well-formed header, or one of another lock: the client is wrong
    static constexpr int bad_request = 400;
    static constexpr int precondition_failed = 412;  ///< a newer token has been let in
    /// no header (RFC 6585): nothing shows which client sent the request, and when
    static constexpr int precondition_required = 428;

    explicit http_gate(std::string lock, const gate::marks& remembered = {})
        : lock_{std::move(lock)}, gate_{remembered} {}

    /// Runs `action` if the request may pass, and lets no other one in meanwhile. `values`: of
    /// every header `Holdfast-Token` of the request. Answers the status: that which `action`
    /// returned, or one of the above, and then `action` was not run.
    ///
    /// Refused is 412, the condition of the request being that its hold was the newest. It will
    /// never be true again: the client has lost its lock and must not repeat the request. 409 and
    /// 423 would invite it to. Throws what `action` throws; the token has been let in then.
    template <class Action>
    [[nodiscard]] int run(const std::vector<std::string>& values, Action&& action) {
        http_token token;
        int status = check(values, token);
        if (status == 0 &&
            !gate_.run(token.token, token.how, [&] { status = std::forward<Action>(action)(); })) {
            status = precondition_failed;
        }
        return status;
    }

    /// As `run` begins, for those who have a gate of their own: 0, and the token of the request, or
    /// 400 or 428.
    [[nodiscard]] int check(const std::vector<std::string>& values, http_token& into) const {
        if (values.empty()) {
            return precondition_required;
        }
        auto token = values.size() == 1 ? http_token::parse(values[0]) : std::nullopt;
        if (!token || token->lock != lock_) {
            return bad_request;
        }
        into = std::move(*token);
        return 0;
    }

    [[nodiscard]] gate::marks seen() const { return gate_.seen(); }

private:
    std::string lock_;
    gate gate_;
};

}  // namespace holdfast
