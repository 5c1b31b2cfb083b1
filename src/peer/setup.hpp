// From the public `config` to what the parts of a peer are told: addresses looked up, key read,
// state found.
#pragma once

#include <optional>

#include <holdfast/config.hpp>
#include <holdfast/result.hpp>

#include "base/settings.hpp"
#include "net/transport.hpp"
#include "peer/state_dir.hpp"

namespace holdfast::runtime {

struct setup {
    config options;
    base::settings settings;           ///< without `address`, which needs the bound port
    net::transport_options transport;  ///< without `self`
    endpoint advertise;                ///< port 0: that of the socket
    std::optional<state_dir> directory;
    found_records records;  ///< in it
};

/// Looks names up and reads files, so it may block for as long as these take. `bad_config`, `io`.
[[nodiscard]] result<setup> prepare(config options);

/// Looked up, in the order given. `bad_config`, the text names no field.
[[nodiscard]] result<std::vector<endpoint>> look_up_seats(const std::vector<std::string>& seats);

}  // namespace holdfast::runtime
