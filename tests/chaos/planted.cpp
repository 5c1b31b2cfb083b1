// Linked into chaos-worker-planted, and nowhere else: real peers with one rule broken on purpose,
// so that it is seen that the judge of chaos sees it. The linker puts this between the peer and
// `prepare` (--wrap), so that nothing in the library need know how to be broken.
#include <cstdlib>
#include <string>
#include <utility>

#include "peer/setup.hpp"

namespace holdfast::runtime {

result<setup> real_prepare(config options) asm("__real_" HOLDFAST_PREPARE);
result<setup> planted_prepare(config options) asm("__wrap_" HOLDFAST_PREPARE);

result<setup> planted_prepare(config options) {
    auto made = real_prepare(std::move(options));
    if (const char* number = std::getenv("HOLDFAST_CHAOS_MUTANT"); made && number != nullptr) {
        made->settings.bug = static_cast<base::planted>(std::stoi(number));
    }
    return made;
}

}  // namespace holdfast::runtime
