#include "sim/trace.hpp"

#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <xxhash.h>

#include "base/message_groups.hpp"
#include "wire/codec.hpp"

namespace holdfast::sim {
namespace {

/// Collects `name=value` pairs.
class fields {
public:
    explicit fields(const trace& names) : names_{names} {}

    fields& add(std::string_view name, std::string_view value) {
        text_ += ' ';
        text_ += name;
        text_ += '=';
        text_ += value;
        return *this;
    }
    fields& add(std::string_view name, std::uint64_t value) {
        return add(name, std::to_string(value));
    }
    fields& add(std::string_view name, view_number v) { return add(name, v.value); }
    fields& add(std::string_view name, token t) { return add(name, text_of(t)); }
    fields& add(std::string_view name, const peer_id& id) { return add(name, names_.name_of(id)); }
    fields& add(std::string_view name, const views::ballot& b) {
        return add(name, std::to_string(b.round) + "." + std::to_string(b.seat));
    }
    fields& add(std::string_view name, base::duration d) {
        return add(name, to_string(instant{d}) + "s");
    }
    fields& add(std::string_view name, base::right_time at) {
        return add(name, at.time_since_epoch());
    }
    fields& add(std::string_view name, const std::vector<peer_id>& ids) {
        std::string list;
        for (const auto& id : ids) {
            list += (list.empty() ? "" : ",") + names_.name_of(id);
        }
        return add(name, list);
    }
    fields& add(std::string_view name, const std::vector<slot>& slots) {
        std::string list;
        for (const auto& s : slots) {
            list += (list.empty() ? "" : ",") + std::to_string(s.value);
        }
        return add(name, list);
    }
    fields& add(std::string_view name, const std::vector<lock::hold_info>& holds) {
        std::string list;
        for (const auto& h : holds) {
            list += (list.empty() ? "" : ",") + h.name + ":" + text_of(h.token) + "@" +
                    names_.name_of(h.holder);
        }
        return add(name, "{" + list + "}");
    }
    fields& add(std::string_view name, const std::vector<views::remaining>& figures) {
        std::string list;
        for (const auto& f : figures) {
            list += (list.empty() ? "" : ",") + names_.name_of(f.peer) + ":" +
                    to_string(instant{f.lease}) + "s";
        }
        return add(name, "{" + list + "}");
    }
    fields& add(std::string_view name, const std::vector<views::silence>& figures) {
        std::string list;
        for (const auto& f : figures) {
            list += (list.empty() ? "" : ",") + names_.name_of(f.peer) + ":" +
                    to_string(instant{f.since_ack}) + "s" + (f.is_gone ? " gone" : "");
        }
        return add(name, "{" + list + "}");
    }
    fields& add(std::string_view name, const views::change& c) {
        std::string text =
            "view " + std::to_string(c.number.value) + " epoch " + std::to_string(c.epoch.value);
        for (const auto& m : c.added) {
            text += " +" + names_.name_of(m.id);
        }
        for (const auto& id : c.removed) {
            text += " -" + names_.name_of(id);
        }
        for (const auto& id : c.leaving) {
            text += " leaving:" + names_.name_of(id);
        }
        for (const auto& id : c.settled) {
            text += " settled:" + names_.name_of(id);
        }
        for (const auto& s : c.seats) {
            text += " seat" + std::to_string(s.index) + ":" + names_.name_of(s.filled_by);
        }
        return add(name, "{" + text + "}");
    }
    fields& add(std::string_view name, const std::vector<swim::rumour>& rumours) {
        constexpr const char* conditions[] = {"alive", "suspect", "dead", "left"};
        std::string list;
        for (const auto& r : rumours) {
            list += (list.empty() ? "" : ",") + names_.name_of(r.about) + ":" +
                    conditions[static_cast<std::size_t>(r.state)];
        }
        return add(name, "{" + list + "}");
    }
    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    const trace& names_;
    std::string text_;
};

void describe(fields& f, const swim::message& what) {
    std::visit(
        [&](const auto& m) {
            if constexpr (requires { m.sequence; }) {
                f.add("sequence", m.sequence);
            }
            if constexpr (requires { m.target; }) {
                f.add("target", m.target);
            }
            if constexpr (requires { m.gossip; }) {
                f.add("gossip", m.gossip);
            }
            if constexpr (requires { m.rumours; }) {
                f.add("gossip", m.rumours);
            }
            if constexpr (requires { m.roster; }) {
                f.add("roster", m.roster);
            }
        },
        what);
}

void describe(fields& f, const views::message& what) {
    base::visit_message(
        [&](const auto& m) {
            using kind = std::decay_t<decltype(m)>;
            if constexpr (requires { m.number; }) {
                f.add("number", m.number);
            }
            if constexpr (requires { m.ballot; }) {
                f.add("ballot", m.ballot);
            }
            if constexpr (requires { m.about; }) {
                f.add("about", m.about);
            }
            if constexpr (requires { m.consents; }) {
                f.add("consents", m.consents).add("objects", m.objects);
            }
            if constexpr (requires { m.silences; }) {
                f.add("silences", m.silences);
            }
            if constexpr (requires { m.promised; }) {
                f.add("promised", m.promised);
            }
            if constexpr (std::is_same_v<kind, views::accept>) {
                f.add("value", m.value);
            } else if constexpr (std::is_same_v<kind, views::promise>) {
                if (m.accepted) {
                    f.add("accepted", m.accepted->value);
                }
            } else if constexpr (std::is_same_v<kind, views::steps>) {
                for (const auto& s : m.in_order) {
                    f.add("step", s.what).add("leases", s.leases);
                }
            } else if constexpr (std::is_same_v<kind, views::welcome>) {
                f.add("step", m.added_by.what);
            } else if constexpr (std::is_same_v<kind, views::want_steps>) {
                f.add("after", m.after);
            } else if constexpr (std::is_same_v<kind, views::outdated>) {
                f.add("yours", m.yours);
            } else if constexpr (std::is_same_v<kind, views::join>) {
                if (m.shown) {
                    f.add("shown", *m.shown);
                }
                f.add("stopped_being", m.stopped_being);
            } else if constexpr (std::is_same_v<kind, views::join_shown>) {
                f.add("newest", m.newest);
            } else if constexpr (std::is_same_v<kind, views::join_refused>) {
                f.add("why", m.text);
            } else if constexpr (std::is_same_v<kind, views::found_accept> ||
                                 std::is_same_v<kind, views::founded>) {
                f.add("epoch", m.value.epoch.value);
                for (const auto& founder : m.value.founders) {
                    f.add("founder", founder.self.id);
                }
            }
        },
        what);
}

void describe(fields& f, const lease::message& what) {
    std::visit(
        [&](const auto& m) {
            if constexpr (requires { m.sent_at; }) {
                f.add("seats", m.seats).add("sent_at", m.sent_at);
            } else if constexpr (requires { m.whom; }) {
                f.add("whom", m.whom);
            } else {
                f.add("number", m.number).add("bytes", m.filler.size());
            }
        },
        what);
}

void describe(fields& f, const lock::message& what) {
    base::visit_message(
        [&](const auto& m) {
            if constexpr (requires { m.name; }) {
                f.add("name", m.name);
            }
            if constexpr (requires { m.number.value; }) {
                f.add("number", m.number.value);
            }
            if constexpr (requires { m.token; }) {
                f.add("token", m.token);
            }
            if constexpr (requires { m.terms; }) {
                f.add("mode", text_of(m.terms.mode));
            }
            if constexpr (requires { m.named; }) {
                f.add("named", m.named);
            }
            if constexpr (requires { m.serial; }) {
                f.add("serial", m.serial);
            }
            if constexpr (requires { m.except; }) {
                f.add("except", m.except);
            }
            if constexpr (requires { m.members; }) {
                f.add("members", m.members);
            }
            if constexpr (requires { m.to_view; }) {
                f.add("to_view", m.to_view);
            }
            if constexpr (requires { m.holds; }) {
                f.add("holds", m.holds);
            }
            if constexpr (std::is_same_v<std::decay_t<decltype(m)>, lock::table>) {
                for (const auto& t : m.slots) {
                    if (!t.holds.empty() || !t.queue.empty()) {
                        f.add("slot", t.slot.value)
                            .add("holds", t.holds)
                            .add("queue", t.queue.size());
                    }
                }
            } else if constexpr (requires { m.slots; }) {
                f.add("slots", m.slots);
            }
        },
        what);
}

}  // namespace

void trace::add(std::span<const std::byte> bytes) {
    hash_ = XXH3_64bits_withSeed(bytes.data(), bytes.size(), hash_);
}

void trace::add(std::uint64_t number) {
    hash_ = (hash_ ^ number) * 0x9E3779B97F4A7C15ULL;
    hash_ ^= hash_ >> 29;
}

void trace::line(instant now, std::string_view who, std::string_view text) {
    if (out_ != nullptr) {
        std::fprintf(out_, "[%12s] %-6.*s %.*s\n", to_string(now).c_str(),
                     static_cast<int>(who.size()), who.data(), static_cast<int>(text.size()),
                     text.data());
    }
}

std::uint64_t hash_number_of(errc why) {
    switch (why) {
        case errc::timed_out:
            return 1;
        case errc::would_block:
            return 2;
        case errc::cancelled:
            return 3;
        case errc::no_quorum:
            return 4;
        case errc::not_a_member:
            return 5;
        case errc::shutting_down:
            return 6;
        case errc::name_too_long:
            return 7;
        case errc::value_too_long:
            return 8;
        case errc::too_many_requests:
            return 9;
        case errc::would_deadlock:
            return 10;
        case errc::limit_differs:
            return 11;
        case errc::bad_config:
            return 12;
        case errc::address_in_use:
            return 13;
        case errc::seeds_differ:
            return 14;
        case errc::times_differ:
            return 15;
        case errc::wrong_key:
            return 16;
        case errc::wrong_cluster:
            return 17;
        case errc::version_mismatch:
            return 18;
        case errc::ring_not_supported:
            return 19;
        case errc::io_error:
            return 20;
        case errc::out_of_memory:
            return 21;
        case errc::lease_lost:
            return 22;
        case errc::evicted:
            return 23;
        case errc::broken:
            return 24;
        case errc::internal_error:
            return 25;
        case errc::clock_slewed:
            return 26;
        case errc::clock_wrong:
            return 27;
        case errc::two_clusters:
            return 28;
    }
    return 0;
}

std::string trace::name_of(const peer_id& id) const {
    if (id.is_nil()) {
        return "-";
    }
    const auto known = names_.find(id);
    return known == names_.end() ? to_short_string(id) : known->second;
}

std::string trace::describe(const node::message& what) const {
    fields f{*this};
    const auto* round = std::get_if<node::relayed>(&what);
    if (round != nullptr) {
        f.add("origin", round->origin)
            .add("destination", round->destination)
            .add("what", wire::name_of(round->what));
        sim::describe(f, round->what);
    } else {
        std::visit(
            [&](const auto& layer) {
                if constexpr (!std::is_same_v<std::decay_t<decltype(layer)>, node::relayed>) {
                    sim::describe(f, layer);
                }
            },
            what);
    }
    return std::string{wire::name_of(what)} + std::move(f).text();
}

std::string text_of(const lock_mode& mode) {
    switch (mode.how) {
        case lock_mode::kind::shared:
            return " shared";
        case lock_mode::kind::permit:
            return " (1 of " + std::to_string(mode.limit) + ")";
        case lock_mode::kind::exclusive:
            break;
    }
    return {};
}

std::string text_of(const previous_hold& before) {
    constexpr std::array<std::string_view, 6> names{"",     "released", "expired",
                                                    "died", "broken",   "moved"};
    if (before.how == end_reason::none) {
        return {};
    }
    return ", after " + (before.token.value == 0 ? "" : text_of(before.token) + " ") +
           std::string{names[static_cast<std::size_t>(before.how)]};
}

std::string text_of(token t) {
    return std::to_string(t.of_epoch().value) + "/" + std::to_string(t.sequence());
}

}  // namespace holdfast::sim
