#include "lock/inquiry.hpp"

namespace holdfast::lock {

inquiry ask_the_seats(const view& v, const question& what) {
    inquiry out;
    for (const auto& s : v.seats) {
        if (!s.filled_by.is_nil()) {
            out.parts.push_back({what, s.filled_by});
        }
    }
    out.needed = v.quorum();
    return out;
}

}  // namespace holdfast::lock
