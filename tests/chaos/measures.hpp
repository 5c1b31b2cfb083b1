// How large the processes are, as the system says: early in a run, and at its end. The judge holds
// one against the other.
//
// Its lines in the history of the harness: size T PLACE NAME early|last ANON_KIB DESCRIPTORS AGE_MS
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "fleet.hpp"
#include "history.hpp"

namespace chaos {

class measures {
public:
    measures(const fleet& f, history& told) : fleet_{f}, told_{told}, is_taken_(f.size()) {}

    /// Of each place one process, the first that has lived for so long when this is called.
    void take_early(std::int64_t age);
    void take_last();

private:
    /// False: there is no such process any more.
    bool take(std::size_t place, std::string_view when);

    const fleet& fleet_;
    history& told_;
    std::vector<bool> is_taken_;
};

}  // namespace chaos
