// The options that every command has: those of a peer (holdfast::config::options), and how the
// command reaches the cluster.
#pragma once

#include <stop_token>
#include <string>

#include <CLI/CLI.hpp>

#include <holdfast/config.hpp>
#include <holdfast/peer.hpp>

namespace holdfast_tool {

/// A duration option's check for CLI11: what is wrong with the text, or nothing.
[[nodiscard]] std::string check_duration(const std::string& text);

struct common {
    /// Of a short-lived peer where it is not said: it owns no names, so it moves no slots.
    enum class kind { full, short_lived };

    holdfast::config peer{};
    std::string control;
    std::string join_wait = "30s";

    /// Must outlive the command: CLI11 writes into it.
    void add_to(CLI::App& command);
    [[nodiscard]] holdfast::config make(kind what) const;
    /// A peer that is ready. `as`: from `make`.
    [[nodiscard]] holdfast::result<holdfast::peer> join(holdfast::config as,
                                                        std::stop_token stop) const;

private:
    bool is_weight_given_ = false;
};

}  // namespace holdfast_tool
