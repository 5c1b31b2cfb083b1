#include "peer/noexcept_error.hpp"

#include <new>
#include <string>
#include <utility>

namespace holdfast::runtime {

error make_error_noexcept(errc code, std::initializer_list<std::string_view> parts) noexcept {
    try {
        std::string text;
        for (const auto part : parts) {
            text += part;
        }
        return {code, std::move(text)};
    } catch (const std::bad_alloc&) {
        return {code, {}};
    }
}

error make_error_noexcept(errc code) noexcept { return make_error_noexcept(code, {explain(code)}); }

error copy_noexcept(const error& e) noexcept {
    try {
        return e;
    } catch (const std::bad_alloc&) {
        return {e.code, {}};
    }
}

result<void> copy_noexcept(const result<void>& r) noexcept {
    return r ? result<void>{} : tl::unexpected<error>{copy_noexcept(r.error())};
}

}  // namespace holdfast::runtime
