// Which processes of its own machine this peer watches, to say when they have ended (CERT-3).
#pragma once

#include <map>
#include <optional>
#include <variant>
#include <vector>

#include <holdfast/ids.hpp>
#include <holdfast/view.hpp>

#include "base/outbox.hpp"

namespace holdfast::node {

/// CERT-3: wait for the end of this process of our machine, then call process_is_gone(), at once if
/// it has ended already. A driver that cannot wait for it does nothing: then it is looked for when
/// it is suspected.
struct watch_process {
    peer_id peer;
    process_identity process;
};
struct unwatch_process {
    peer_id peer;
};

class process_watch {
public:
    using output = std::variant<watch_process, unwatch_process>;

    process_watch(const peer_id& self, const process_identity& own) : self_{self}, own_{own} {}

    void installed(const view& v);
    [[nodiscard]] std::optional<output> next() { return out_.next(); }
    /// All that it has to say.
    template <class Taker>
    void take(Taker&& taker) {
        while (auto o = next()) {
            std::visit(taker, *o);
        }
    }

private:
    [[nodiscard]] std::map<peer_id, process_identity> wanted(const view& v) const;

    peer_id self_;
    process_identity own_;
    std::map<peer_id, process_identity> watched_;
    base::outbox<output> out_;
};

}  // namespace holdfast::node
