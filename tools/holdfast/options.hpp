// What every command is told, and the peer that is made of it.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include <CLI/CLI.hpp>

#include <holdfast/peer.hpp>

namespace holdfast_tool {

/// `10s`, `500ms`, `1.5m`, `2h`; a bare number means seconds. Nothing for anything else.
std::optional<std::chrono::nanoseconds> duration_of(const std::string& text);

struct common {
    std::string listen, seeds, cluster = "default", name, profile = "lan", key_file, control;
    bool insecure = false;
    std::string join_wait = "30s";

    void add_to(CLI::App& command);
    [[nodiscard]] holdfast::config make(bool is_light) const;
    /// A peer that is ready. `as`: from `make`.
    [[nodiscard]] holdfast::result<holdfast::peer> join(holdfast::config as,
                                                        std::stop_token stop) const;
};

}  // namespace holdfast_tool
