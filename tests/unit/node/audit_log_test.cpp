#include "node/audit_log.hpp"

#include "catch.hpp"
#include "made_up.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using made_up::peer;

namespace {

audit_record made_record(std::uint64_t number, std::uint32_t revision = 0) {
    audit_record out;
    out.by = peer(9);
    out.number = number;
    out.revision = revision;
    return out;
}

constexpr std::int64_t day_ms = 86'400'000;

struct audit_log_fixture {
    base::settings settings;
    base::time_point now;
    view before = made_up::first_view(3, 2);
    view v = before;
    std::optional<node::audit_log> log;

    std::vector<node::persist_records> writes;
    std::vector<std::uint64_t> stored;
    std::vector<views::problem> problems;

    audit_log_fixture() {
        before.number = {6};
        before.seats[0].filled_by = {};
        v.number = {7};
        start();
    }
    void start(bool has_disk = false) {
        settings.keeps_epochs = has_disk;
        log.emplace(settings, peer(1), moment());
        writes.clear();
        stored.clear();
    }
    node::audit_log& mine() { return *log; }
    base::moment moment() const {
        return {now,
                std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()};
    }
    bool store(std::uint64_t question, const audit_record& what) {
        const bool is_kept = mine().store(peer(4), {question, what}, now);
        drain();
        return is_kept;
    }
    void persisted(std::uint64_t number, node::write_outcome is = node::write_outcome::done) {
        mine().persisted(number, is, now);
        drain();
    }
    void drain() {
        while (auto o = mine().next()) {
            if (auto* p = std::get_if<node::persist_records>(&*o)) {
                writes.push_back(std::move(*p));
            } else if (auto* s = std::get_if<node::audit_log::stored>(&*o)) {
                CHECK(s->to == peer(4));
                stored.push_back(s->number);
            } else {
                problems.push_back(std::get<views::problem>(*o));
            }
        }
    }
    bool hears(std::uint64_t question, std::vector<audit_record> what, std::int64_t since = 1) {
        const bool is_mine = mine().hear(
            lock::answered{question, lock::records_read{question, std::move(what), since}}, now);
        drain();
        return is_mine;
    }
};

}  // namespace

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: a voter that has come tells nothing before a quorum told it") {
    REQUIRE(mine().installed(v, &before, moment()) == std::vector{peer(2), peer(3)});
    mine().has_asked(1);
    mine().has_asked(2);
    CHECK(store(1, made_record(1)));  // meanwhile
    CHECK_FALSE(mine().all());
    CHECK(hears(1, {made_record(2)}));
    CHECK_FALSE(mine().all());
    CHECK(hears(2, {made_record(2), made_record(3)}));
    REQUIRE(mine().all());
    CHECK(mine().all()->records.size() == 3);
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: a voter tells what it has when the time for the others is up") {
    (void)mine().installed(v, &before, moment());
    mine().has_asked(1);
    mine().has_asked(2);
    CHECK(mine().hear(lock::unanswered{1, errc::timed_out, {}}));
    CHECK_FALSE(mine().all());
    CHECK(mine().hear(lock::unanswered{2, errc::timed_out, {}}));
    CHECK(mine().all());
}

TEST_CASE_METHOD(audit_log_fixture, "RECORD-1: answers to questions of others are not the log's") {
    (void)mine().installed(v, &before, moment());
    mine().has_asked(1);
    CHECK_FALSE(hears(7, {made_record(2)}));
    CHECK_FALSE(mine().hear(lock::unanswered{7, errc::timed_out, {}}));
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: while it asks, voters that come later are asked as well") {
    (void)mine().installed(v, &before, moment());
    mine().has_asked(1);
    mine().has_asked(2);
    auto after = v;
    after.number = {8};
    after.seats[1].filled_by = peer(4);
    CHECK(mine().installed(after, &v, moment()) == std::vector{peer(4)});
    SECTION("but not after it has heard enough") {
        mine().has_asked(3);
        (void)hears(2, {});
        (void)hears(3, {});
        auto last = after;
        last.number = {9};
        last.seats[2].filled_by = peer(5);
        CHECK(mine().installed(last, &after, moment()).empty());
    }
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: a founder has nothing to ask for, and no more have others") {
    CHECK(mine().installed(made_up::first_view(3), nullptr, moment()).empty());
    CHECK(mine().all());
    node::audit_log no_voter{settings, peer(5), moment()};
    CHECK(no_voter.installed(v, nullptr, moment()).empty());
}

// ---- from when on it is whole

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: it is whole from the start of its process, or from what was found") {
    now += 24h;
    start();
    CHECK(mine().kept().whole_since_ms == node::start_of_2024_s * 1000 + day_ms);
    mine().take_over({{made_record(1)}, 77}, false, now);
    CHECK(mine().kept() == audit_history{{made_record(1)}, 77});
    SECTION("if that says it") {
        start();
        mine().take_over({{made_record(1)}, 0}, false, now);
        CHECK(mine().kept().whole_since_ms == node::start_of_2024_s * 1000 + day_ms);
    }
    SECTION("and a founder has all that it stored before") {
        (void)mine().installed(made_up::first_view(3), nullptr, moment());
        CHECK(mine().kept().whole_since_ms == 77);
    }
}

TEST_CASE_METHOD(
    audit_log_fixture,
    "RECORD-1: who comes to fill a seat is whole since then, and once it has copied as "
    "the least whole of those that told it") {
    mine().take_over({{made_record(1)}, 77}, false, now);
    now += 24h;
    (void)mine().installed(v, &before, moment());
    mine().has_asked(1);
    mine().has_asked(2);
    CHECK(mine().kept().whole_since_ms == node::start_of_2024_s * 1000 + day_ms);
    CHECK(hears(1, {}, 500));
    CHECK(hears(2, {}, 300));
    REQUIRE(mine().all());
    CHECK(mine().all()->whole_since_ms == 500);
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: who is forced into a new cluster is whole since then") {
    start(true);
    mine().take_over({{made_record(1)}, 77}, true, now);
    now += 24h;
    mine().lost_the_others(moment());
    drain();
    const auto since = node::start_of_2024_s * 1000 + day_ms;
    REQUIRE(writes.size() == 1);
    CHECK(writes[0].what == audit_history{{}, since});
    (void)mine().installed(made_up::first_view(3), nullptr, moment());
    CHECK(mine().kept() == audit_history{{made_record(1)}, since});
    SECTION("and no earlier, if the clock has been set back") {
        now -= 1h;
        mine().lost_the_others(moment());
        CHECK(mine().kept().whole_since_ms == since);
    }
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: what makes room for others is not in the time that is whole") {
    mine().take_over({{}, 77}, false, now);
    auto r = made_record(1);
    r.at_ms = 1000;
    CHECK(store(1, r));
    for (std::uint64_t n = 2; n <= lock::archive::most; ++n) {
        r.number = n;
        r.at_ms = 5000;
        CHECK(store(n, r));
    }
    CHECK(mine().kept().whole_since_ms == 77);
    r.number = 0;
    CHECK(store(5000, r));
    CHECK(mine().kept().whole_since_ms == 1001);
}

// ---- the disk

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: with a state_dir a record is answered when it is written") {
    start(true);
    CHECK_FALSE(store(1, made_record(1)));
    REQUIRE(writes.size() == 1);
    CHECK(writes[0].by == peer(1));
    CHECK(writes[0].is_all);  // there is no file yet
    CHECK(writes[0].what == mine().kept());
    CHECK(stored.empty());
    // Meanwhile the question is repeated, and others come: one write at a time.
    CHECK_FALSE(store(1, made_record(1)));
    CHECK_FALSE(store(2, made_record(1, 1)));
    CHECK_FALSE(store(3, made_record(2)));
    CHECK(writes.size() == 1);
    persisted(writes[0].number);
    CHECK(stored == std::vector<std::uint64_t>{1});
    REQUIRE(writes.size() == 2);
    CHECK_FALSE(writes[1].is_all);
    CHECK(writes[1].what.records == std::vector{made_record(1, 1), made_record(2)});
    persisted(writes[0].number);  // of long ago
    CHECK(stored.size() == 1);
    persisted(writes[1].number);
    CHECK(stored == std::vector<std::uint64_t>{1, 2, 3});
    CHECK(store(4, made_record(2)));  // it is there
    CHECK(writes.size() == 2);
}

TEST_CASE_METHOD(audit_log_fixture, "RECORD-1: no operator waits for a disk that fails") {
    start(true);
    CHECK_FALSE(store(1, made_record(1)));
    persisted(1, node::write_outcome::failed);
    CHECK(stored == std::vector<std::uint64_t>{1});
    CHECK(store(2, made_record(2)));
    persisted(1, node::write_outcome::failed);  // tried again, and failed again
    CHECK(writes.size() == 1);
    persisted(1);
    REQUIRE(writes.size() == 2);
    CHECK(store(3, made_record(3)));  // not all is written yet
    persisted(2);
    REQUIRE(writes.size() == 3);
    persisted(3);
    CHECK_FALSE(store(4, made_record(4)));
    CHECK(problems.empty());  // who writes has complained
}

TEST_CASE_METHOD(audit_log_fixture, "RECORD-1: when its file is gone all is written anew") {
    start(true);
    CHECK_FALSE(store(1, made_record(1)));
    persisted(1);
    CHECK_FALSE(store(2, made_record(2)));
    REQUIRE(writes.size() == 2);
    CHECK_FALSE(writes[1].is_all);
    persisted(2, node::write_outcome::gone);
    CHECK(stored == std::vector<std::uint64_t>{1, 2});  // as where the disk fails
    REQUIRE(writes.size() == 3);
    CHECK(writes[2].is_all);
    CHECK(writes[2].what == mine().kept());
    CHECK(store(3, made_record(3)));
    persisted(2, node::write_outcome::gone);  // of before
    CHECK(writes.size() == 3);
    persisted(3);
    REQUIRE(writes.size() == 4);
    CHECK_FALSE(writes[3].is_all);
    persisted(4);
    CHECK_FALSE(store(4, made_record(4)));
}

TEST_CASE_METHOD(audit_log_fixture, "RECORD-1: no operator waits longer than A for a slow disk") {
    start(true);
    CHECK_FALSE(mine().deadline());
    CHECK_FALSE(store(1, made_record(1)));
    REQUIRE(mine().deadline() == now + settings.lease);
    now += settings.lease - 1ms;
    mine().tick(now);
    drain();
    CHECK(stored.empty());
    now += 1ms;
    mine().tick(now);
    drain();
    CHECK(stored == std::vector<std::uint64_t>{1});
    CHECK(problems.size() == 1);
    CHECK_FALSE(mine().deadline());
    CHECK(store(2, made_record(2)));
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: a disk that was too slow before a record came is not waited for") {
    start(true);
    (void)mine().installed(made_up::first_view(3), nullptr, moment());
    drain();
    REQUIRE(writes.size() == 1);
    now += settings.lease;
    CHECK_FALSE(mine().deadline());
    CHECK(store(1, made_record(1)));
    CHECK(problems.size() == 1);
    CHECK_FALSE(mine().deadline());
    CHECK(store(2, made_record(2)));
    CHECK(problems.size() == 1);
    persisted(1);
    persisted(2);
    CHECK_FALSE(store(3, made_record(3)));
}

TEST_CASE_METHOD(audit_log_fixture, "RECORD-1: what was found on the disk is not written again") {
    start(true);
    mine().take_over({{made_record(1)}, 77}, true, now);
    drain();
    CHECK(writes.empty());
    CHECK(store(1, made_record(1)));
    CHECK_FALSE(store(2, made_record(2)));
    REQUIRE(writes.size() == 1);
    CHECK_FALSE(writes[0].is_all);
    CHECK(writes[0].what == audit_history{{made_record(2)}, 77});
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: what the PeerId before had kept is written, for it may not have been") {
    start(true);
    mine().take_over({{made_record(1)}, 77}, false, now);
    drain();
    REQUIRE(writes.size() == 1);
    CHECK(writes[0].is_all);
    CHECK(writes[0].what == audit_history{{made_record(1)}, 77});
}

TEST_CASE_METHOD(audit_log_fixture, "RECORD-1: the file is written anew when it has grown") {
    start(true);
    std::uint64_t all_written = 0;
    for (std::uint64_t n = 1; n <= 3 * lock::archive::most; ++n) {
        CHECK_FALSE(store(n, made_record(1, static_cast<std::uint32_t>(n))));
        all_written += writes.back().is_all ? 1 : 0;
        CHECK(writes.back().what.records.size() == 1);
        persisted(writes.back().number);
    }
    CHECK(writes.size() == 3 * lock::archive::most);
    CHECK(all_written == 2);
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: a disk that is slow for long costs no memory: all is written then") {
    start(true);
    CHECK_FALSE(store(1, made_record(1)));
    for (std::uint64_t n = 2; n <= 2 * lock::archive::most; ++n) {
        (void)store(n, made_record(n));
    }
    persisted(1);
    REQUIRE(writes.size() == 2);
    CHECK(writes[1].is_all);
    CHECK(writes[1].what == mine().kept());
}

TEST_CASE_METHOD(audit_log_fixture,
                 "RECORD-1: a voter's file says from the first day when it began") {
    start(true);
    (void)mine().installed(made_up::first_view(3), nullptr, moment());
    drain();
    REQUIRE(writes.size() == 1);
    CHECK(writes[0].is_all);
    CHECK(writes[0].what == mine().kept());
    CHECK(writes[0].what.records.empty());
}

TEST_CASE_METHOD(audit_log_fixture, "RECORD-1: without a state_dir nothing is written") {
    (void)mine().installed(v, &before, moment());
    CHECK(store(1, made_record(1)));
    CHECK(writes.empty());
}
