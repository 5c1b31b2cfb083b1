// A file descriptor that is closed with its scope, by exceptions too.
#pragma once

#include <unistd.h>

namespace holdfast_tool {

class descriptor {
public:
    explicit descriptor(int of) : of_{of} {}
    ~descriptor() {
        if (of_ >= 0) {
            close(of_);
        }
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    operator int() const { return of_; }

private:
    int of_;
};

}  // namespace holdfast_tool
