// `holdfast elect` and `holdfast join-group` without a command: to hold something until a signal
// comes or it is lost.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include <holdfast/hold.hpp>
#include <holdfast/peer.hpp>

namespace holdfast_tool {

struct stay_options {
    std::string name;
    std::string note;
    std::string wait;  ///< as in run_options
    holdfast::lock_mode mode;
    const char* what = "";  ///< printed when it is held: `leads NAME TOKEN`
    bool as_json = false;
};

/// 0 after SIGTERM, SIGINT or SIGHUP while it was held; 128 + n when one of them ended the wait; 75
/// when it was not to be had in time, 69 without a quorum, 76 when it was lost, 64 for a bad
/// duration or name.
int stay(const std::function<holdfast::result<holdfast::peer>(std::stop_token)>& join,
         const stay_options& options);

}  // namespace holdfast_tool
