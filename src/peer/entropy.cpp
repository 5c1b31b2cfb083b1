#include "peer/entropy.hpp"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace holdfast::runtime {

std::uint64_t random_number() {
    std::uint64_t number = 0;
    while (getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
        if (errno != EINTR) {
            // a PeerId must not be guessed at
            throw std::system_error{errno, std::generic_category(), "getrandom"};
        }
    }
    return number;
}

peer_id random_peer_id() {
    peer_id id;
    while (id.is_nil()) {
        id = {random_number(), random_number()};
    }
    return id;
}

}  // namespace holdfast::runtime
