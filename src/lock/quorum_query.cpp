#include "lock/quorum_query.hpp"

namespace holdfast::lock {

quorum_query ask_the_seats(const view& v, const question& what) {
    quorum_query out;
    for (const auto& s : v.seats) {
        if (!s.filled_by.is_nil()) {
            out.parts.push_back({what, s.filled_by});
        }
    }
    out.needed = v.quorum();
    return out;
}

}  // namespace holdfast::lock
