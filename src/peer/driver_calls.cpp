// Asking for locks, and waiting for the answer.
#include <poll.h>

#include <algorithm>
#include <utility>

#include "peer/clock.hpp"
#include "peer/driver.hpp"

namespace holdfast::runtime {

result<void> driver::check(std::string_view name, const acquire_options& options) {
    if (name.empty() || name.size() > base::limits::name) {
        return fail(errc::name_too_long);
    }
    if (options.note.size() > base::limits::note) {
        return fail(errc::value_too_long);
    }
    if ((options.mode.how == lock_mode::kind::permit) != (options.mode.limit > 0)) {
        return fail(errc::bad_config,
                    "a permit has a limit of at least 1, every other mode has none; use the "
                    "functions of lock_mode");
    }
    if (options.breaking && (options.breaking->waited_for.count() < 0 ||
                             options.breaking->waited_for > base::limits::patience)) {
        return fail(errc::bad_config, "breaking.waited_for is from 0 to a year");
    }
    if (options.max_hold < base::duration::zero() ||
        options.progress_every < base::duration::zero()) {
        return fail(errc::bad_config, "max_hold and progress_every are not negative; 0 means none");
    }
    if (options.lock_delay &&
        (options.lock_delay->count() < 0 || *options.lock_delay > base::limits::lock_delay)) {
        return fail(errc::bad_config, "lock_delay is from 0 to 60 s");
    }
    if (options.stop.stop_requested()) {
        return fail(errc::cancelled);
    }
    return {};
}

void driver::fill(call& c, std::string_view name, acquire_options& options) const {
    c.name = name;
    c.note = std::move(options.note);
    c.on_lost = std::move(options.on_lost);
    c.mode = options.mode;
    c.breaking = options.breaking.value_or(options_.breaking);
    c.on_asked_back = std::move(options.on_asked_back);
    c.max_hold = std::min(options.max_hold, longest_wait);
    c.progress_every = std::min(options.progress_every, longest_wait);
    c.when_stuck = options.when_stuck;
    c.priority = options.priority;
    // what is shared is changed by nobody
    const bool rests = !options.is_fenced && options.mode.how == lock_mode::kind::exclusive;
    c.lock_delay =
        options.lock_delay.value_or(rests ? options_.lock_delay : std::chrono::milliseconds{0});
    c.is_try = options.wait && *options.wait <= base::duration::zero();
    if (c.is_try) {
        c.until = boot_now() + settings_.lease;
    } else if (options.wait && *options.wait < longest_wait) {
        c.until = boot_now() + *options.wait;
    }
}

template <class Then>
result<void> driver::begin(call* me, call& c, Then&& then) {
    bool was_asked = false;
    result<void> refused;
    const auto entered = within(me, [&] {
        if (auto open = check_open(); !open) {
            refused = open;
        } else if (calls_.size() >= options_.max_requests) {
            refused = fail(errc::too_many);
        } else if (c.later && c.later->is_unwanted.load(std::memory_order_acquire)) {
            refused = fail(errc::cancelled);
        } else {
            ++counted_.requests;
            ask(c);
            was_asked = true;  // not before: if asking fails, nobody would answer
            then();
        }
    });
    return was_asked ? result<void>{} : entered ? refused : entered;
}

result<std::shared_ptr<grip>> driver::acquire(std::string_view name, acquire_options options) {
    if (const auto is_fit = check(name, options); !is_fit) {
        return tl::unexpected<error>{is_fit.error()};
    }
    call c;
    fill(c, name, options);
    if (const auto begun = begin(&c, c, [&] { calls_.let_read(c, *transport_); }); !begun) {
        return tl::unexpected<error>{begun.error()};
    }
    {
        const std::stop_callback on_stop{options.stop, [&] { cancel(c); }};
        wait_for_answer(c);
    }
    if (!c.granted) {
        return tl::unexpected<error>{std::move(c.failure)};
    }
    return std::move(c.granted);
}

result<void> driver::acquire_later(std::string_view name, acquire_options options,
                                   std::function<void(result<std::shared_ptr<grip>>)> then) {
    if (auto is_fit = check(name, options); !is_fit) {
        return is_fit;
    }
    const auto later = std::make_shared<later_call>();
    later->name = name;
    later->then = std::move(then);
    fill(later->what, later->name, options);
    // Before it is asked, so that it is gone when the answer is told. A stop between the two is
    // seen in `begin`.
    later->on_stop.emplace(options.stop, [driver = shared_from_this(), &one = *later] {
        one.is_unwanted.store(true, std::memory_order_release);
        driver->cancel(one.what);
    });
    later->what.later = later;
    auto begun = begin(nullptr, later->what, [] {});
    if (begun || !later->what.later) {
        return {};  // asked, or failed so late that it is told all the same
    }
    later->what.later.reset();
    return begun;
}

void driver::ask(call& c) {
    const auto now = moment_now();
    c.number = node_->acquire(c.name,
                              {c.note, c.is_try, c.until, c.mode, c.breaking, c.max_hold,
                               c.progress_every, c.when_stuck, c.priority, c.lock_delay},
                              now);
    c.owner = map_ ? map_->owner_of(node_->slot_of(c.name)) : peer_id{};
    if (c.owner == node_->self()) {
        c.owner = {};
    }
    calls_.add(c);
}

void driver::answer(call& c) noexcept {
    c.is_over = true;
    calls_.remove(c, *transport_, boot_now());
    tell_answer(c);
}

void driver::tell_answer(call& c) noexcept {
    if (auto later = std::move(c.later)) {
        // What the application gave us dies there too, never under the mutex: it may have the hold
        // in it.
        dispatcher_.post([later = std::move(later)] {
            later->on_stop.reset();  // waits for one that runs
            auto& told = later->what;
            const auto then = std::move(later->then);
            then(told.granted ? result<std::shared_ptr<grip>>{std::move(told.granted)}
                              : tl::unexpected<error>{std::move(told.failure)});
        });
    } else if (&c == me_ || wakes_ == nullptr) {
        c.word.store(call::answered, std::memory_order_release);
    } else {
        wakes_->add_answered(c);
    }
}

void driver::fail_call(call& c, const error& why) noexcept {
    if (c.is_over) {
        return;
    }
    ++counted_.requests_failed;
    c.failure = without_text_if_need_be(why);
    if (calls_.find(c.number) == &c) {
        answer(c);
        return;
    }
    c.is_over = true;  // an orphan: waits in no table
    tell_answer(c);
}

void driver::cancel(call& c) {
    within(nullptr, [&] {
        if (!c.is_over) {
            node_->cancel(c.number, moment_now());
        }
    });
}

void driver::wait_for_answer(call& c) {
    while (c.word.load(std::memory_order_acquire) == call::waiting) {
        const int fd = c.read_fd.load(std::memory_order_acquire);
        if (fd < 0) {
            sleep_while(c.word, call::waiting);
            continue;
        }
        const auto waker = waker::of_this_thread();
        pollfd either[2] = {{fd, POLLIN, 0}, {waker->descriptor(), POLLIN, 0}};
        if (::poll(either, 2, -1) < 0) {
            continue;  // a signal of the program's
        }
        if (either[1].revents != 0) {
            waker->clear();
        }
        if (either[0].revents != 0) {
            read_for(c, (either[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0);
        }
    }
}

void driver::read_for(call& c, bool is_broken) {
    within(&c, [&] {
        if (c.is_over || c.read_fd.load(std::memory_order_relaxed) < 0) {
            return;
        }
        ++counted_.read_by_caller;
        transport_->read_claimed(c.owner, sink_, boot_now());
        if (is_broken) {
            calls_.stop_reading(c, *transport_);
        }
    });
}

result<void> driver::release(grip& g, const peer_id& heir) {
    within(nullptr, [&] {
        const auto now = moment_now();
        if (!node_->holds(g.name(), g.token(), now.now)) {
            // LEASE-5: it may have been lost a while ago, unnoticed; then this release comes too
            // late
            node_->tick(now);
        } else if (g.end_as_released()) {
            holds_.erase({g.token(), g.name()});
            auto words = g.last_words();
            words.heir = heir;
            node_->release(g.name(), g.token(), std::move(words), now);
        }
    });
    if (g.is_released()) {
        g.forget_listeners();
    }
    // A destructor may be the caller: no exception.
    return g.is_released()
               ? result<void>{}
               : tl::unexpected<error>{in_words(g.why_lost().value_or(errc::lease_lost))};
}

void driver::progress(grip& g) {
    within(nullptr, [&] { node_->progress(g.name(), g.token(), moment_now()); });
}

error driver::why_no_grant() const {
    const auto code = view_ ? errc::no_quorum : errc::not_a_member;
    return {code, std::string{explain(code)}};
}

// ---- observers

result<std::shared_ptr<observer>> driver::observe(
    const std::string& name, bool wants_all, std::function<void(const lock_status&)> callback) {
    if (name.empty() || name.size() > base::limits::name) {
        return fail(errc::name_too_long);
    }
    auto o = std::make_shared<observer>(shared_from_this(), name, wants_all, std::move(callback));
    bool is_watching = false;
    within(nullptr, [&] {
        if (!check_open()) {
            return;
        }
        is_watching = true;
        const bool is_first = watches_.find(name) == nullptr;
        auto& e = watches_.add(o);
        if (is_first) {
            node_->watch(name, moment_now());
        } else if (e.last && wants_all && e.last->holder_count > e.last->holders.size()) {
            look_for_all(name, e);
        } else if (e.last) {
            dispatcher_.post([o, now = *e.last] { o->deliver(now); });
        }
    });
    if (!is_watching) {
        return fail(errc::shutting_down);
    }
    return o;
}

void driver::stop_observing(const observer& o) {
    within(nullptr, [&] {
        if (watches_.remove(o)) {
            node_->unwatch(o.name(), moment_now());
        }
    });
}

void observer::deliver(const lock_status& now) {
    const std::lock_guard guard{delivering_};
    if (!is_stopped_) {
        callback_(now);
    }
}

void observer::stop() {
    if (driver_->is_forked()) {
        return;  // `delivering_` may be the parent's callback thread's
    }
    driver_->stop_observing(*this);
    const std::lock_guard guard{delivering_};
    is_stopped_ = true;
}

}  // namespace holdfast::runtime
