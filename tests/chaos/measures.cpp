#include "measures.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace chaos {

void measures::take_early(std::int64_t age) {
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
        if (!is_taken_[i] && fleet_.is_up(i) && fleet_.age(i) >= age) {
            is_taken_[i] = take(i, "early");
        }
    }
}

void measures::take_last() {
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
        if (fleet_.is_up(i)) {
            take(i, "last");
        }
    }
}

bool measures::take(std::size_t place, std::string_view when) {
    const auto proc = "/proc/" + std::to_string(fleet_.pid(place));
    std::error_code gone;
    const auto descriptors =
        std::distance(std::filesystem::directory_iterator{proc + "/fd", gone}, {});
    // What is mapped from files is the program itself.
    std::ifstream status{proc + "/status"};
    std::int64_t anonymous_kib = -1;
    for (std::string word; anonymous_kib < 0 && status >> word;) {
        if (word == "RssAnon:") {
            status >> anonymous_kib;
        }
    }
    if (gone || anonymous_kib < 0) {
        return false;
    }
    told_.tell("size", now(), place, fleet_.name(place), when, anonymous_kib, descriptors,
               fleet_.age(place) / 1'000'000);
    return true;
}

}  // namespace chaos
