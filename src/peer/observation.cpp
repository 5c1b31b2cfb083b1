#include <utility>

#include <holdfast/watch.hpp>

#include "peer/driver.hpp"
#include "peer/observers.hpp"

namespace holdfast {

observation::observation(std::shared_ptr<runtime::observer> o) : observer_{std::move(o)} {}
observation::observation(observation&&) noexcept = default;

observation& observation::operator=(observation&& other) noexcept {
    if (this != &other) {
        stop();
        observer_ = std::move(other.observer_);
    }
    return *this;
}

observation::~observation() { stop(); }

void observation::stop() {
    if (observer_) {
        observer_->owner().stop_observing(*observer_);
        observer_.reset();
    }
}

}  // namespace holdfast
