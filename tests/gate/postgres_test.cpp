// sql_gate on a real PostgreSQL, and examples/fenced_postgres.
#include <libpq-fe.h>
#include <poll.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <holdfast/sql_gate.hpp>

#include "late_writer.hpp"
#include "postgres_server.hpp"
#include "same_as_gate.hpp"

using holdfast::token;
using test_support::child;
using test_support::steady;

namespace {

using namespace std::chrono_literals;

const holdfast::sql_gate gate{holdfast::sql_dialect::postgresql};

/// One for all tests, which have gates of their own names.
test_support::postgres_server& server() {
    static test_support::postgres_server one;
    return one;
}

struct answer {
    std::string error;  ///< the SQLSTATE, or nothing
    int changed = 0;
    std::string value;  ///< of the first column in the first row
};

/// One connection.
class database {
public:
    database() : db_{PQconnectdb(server().url().c_str()), &PQfinish} {
        INFO(PQerrorMessage(db_.get()));
        REQUIRE(PQstatus(db_.get()) == CONNECTION_OK);
        PQsetNoticeProcessor(
            db_.get(), [](void*, const char*) {}, nullptr);
    }

    void begin_run(const std::string& sql, const std::vector<std::string>& parameters = {}) {
        std::vector<const char*> texts;
        for (const auto& p : parameters) {
            texts.push_back(p.c_str());
        }
        REQUIRE(PQsendQueryParams(db_.get(), sql.c_str(), static_cast<int>(texts.size()), nullptr,
                                  texts.data(), nullptr, nullptr, 0) == 1);
    }
    /// Of what was begun.
    answer end_run() {
        const auto until = steady::now() + 20s;
        while (PQisBusy(db_.get()) != 0) {
            pollfd fd{PQsocket(db_.get()), POLLIN, 0};
            REQUIRE(poll(&fd, 1,
                         static_cast<int>(
                             std::chrono::ceil<std::chrono::milliseconds>(until - steady::now())
                                 .count())) == 1);
            REQUIRE(PQconsumeInput(db_.get()) == 1);
        }
        answer out;
        while (const std::unique_ptr<PGresult, decltype(&PQclear)> r{PQgetResult(db_.get()),
                                                                     &PQclear}) {
            if (const auto* state = PQresultErrorField(r.get(), PG_DIAG_SQLSTATE)) {
                out.error = state;
            }
            out.changed = std::atoi(PQcmdTuples(r.get()));
            if (PQntuples(r.get()) > 0) {
                out.value = PQgetvalue(r.get(), 0, 0);
            }
        }
        return out;
    }
    answer run(const std::string& sql, const std::vector<std::string>& parameters = {}) {
        begin_run(sql, parameters);
        return end_run();
    }
    void must_run(const std::string& sql, const std::vector<std::string>& parameters = {}) {
        CAPTURE(sql);
        REQUIRE(run(sql, parameters).error.empty());
    }

    void begin_admit(const std::string& name, token t,
                     holdfast::access how = holdfast::access::exclusive) {
        begin_run(gate.admit(how), {name, std::to_string(t.value)});
    }
    bool admit(const std::string& name, token t,
               holdfast::access how = holdfast::access::exclusive) {
        begin_admit(name, t, how);
        const auto done = end_run();
        REQUIRE(done.error.empty());
        return done.changed == 1;
    }
    std::string id() { return std::to_string(PQbackendPID(db_.get())); }

private:
    std::unique_ptr<PGconn, decltype(&PQfinish)> db_;
};

int count = 0;

/// A gate and what it guards, and two that come to it.
struct two {
    std::string name = "gate " + std::to_string(++count);
    database early, later, onlooker;

    two() {
        for (int twice = 0; twice < 2; ++twice) {
            onlooker.must_run(gate.create_table());
            onlooker.must_run(gate.add(), {name});
        }
        onlooker.must_run(
            "create table if not exists guarded (name text primary key, content text not null)");
        onlooker.must_run("insert into guarded values ($1, '')", {name});
    }
    void write(database& by, const std::string& text) const {
        by.must_run("update guarded set content = $1 where name = $2", {text, name});
    }
    std::string content() {
        return onlooker.run("select content from guarded where name = $1", {name}).value;
    }
    /// Until `who` waits for the lock of a row.
    void wait_until_it_waits(database& who) {
        const auto until = steady::now() + 20s;
        while (onlooker
                   .run("select count(*) from pg_stat_activity where pid = $1::int and "
                        "wait_event_type = 'Lock'",
                        {who.id()})
                   .value != "1") {
            REQUIRE(steady::now() < until);
        }
    }
};

}  // namespace

TEST_CASE("a gate in PostgreSQL lets in whom a gate lets in", "[postgres]") {
    two t;
    test_support::is_same_as_gate(
        [&](token who, holdfast::access how) { return t.early.admit(t.name, who, how); });
    t.onlooker.must_run(gate.add(), {t.name});
    CHECK_FALSE(t.early.admit(t.name, {5}));  // adding it again has changed nothing
}

TEST_CASE("a gate that is not there lets no token in", "[postgres]") {
    two t;
    CHECK_FALSE(t.early.admit("not there", {7}));
    CHECK_FALSE(t.early.admit("not there", {7}, holdfast::access::shared));
    CHECK(t.early.admit(t.name, {7}));
}

TEST_CASE("a newer access is in the midst of its transaction: an older one waits", "[postgres]") {
    two t;
    t.later.must_run("begin");
    REQUIRE(t.later.admit(t.name, {20}));
    t.write(t.later, "newer");
    t.early.must_run("begin");
    t.early.begin_admit(t.name, {10});
    t.wait_until_it_waits(t.early);
    SECTION("and is refused after the commit") {
        t.later.must_run("commit");
        CHECK(t.early.end_run().changed == 0);
        t.early.must_run("rollback");
        CHECK(t.content() == "newer");
    }
    SECTION("and is let in after a rollback") {
        t.later.must_run("rollback");
        CHECK(t.early.end_run().changed == 1);
        t.write(t.early, "older");
        t.early.must_run("commit");
        CHECK(t.content() == "older");
    }
}

TEST_CASE("an older access is in the midst of its transaction: a newer one commits after it",
          "[postgres]") {
    two t;
    t.early.must_run("begin");
    REQUIRE(t.early.admit(t.name, {10}));
    t.later.must_run("begin");
    t.later.begin_admit(t.name, {20});
    t.wait_until_it_waits(t.later);
    t.write(t.early, "older");
    SECTION("it commits") {
        t.early.must_run("commit");
        CHECK(t.later.end_run().changed == 1);
        // and has seen all of it
        CHECK(t.later.run("select content from guarded where name = $1", {t.name}).value ==
              "older");
        t.write(t.later, "newer");
        t.later.must_run("commit");
        CHECK(t.content() == "newer");
    }
    SECTION("its process is stopped there, and the server ends its transaction") {
        // As idle_in_transaction_session_timeout would, but without waiting for a time.
        t.onlooker.must_run("select pg_terminate_backend($1::int)", {t.early.id()});
        CHECK(t.later.end_run().changed == 1);
        t.write(t.later, "newer");
        t.later.must_run("commit");
        CHECK(t.early.run("commit").error == "57P01");
        CHECK(t.content() == "newer");
    }
}

TEST_CASE("under REPEATABLE READ who waited has to try again, and is refused then", "[postgres]") {
    two t;
    t.later.must_run("begin isolation level repeatable read");
    REQUIRE(t.later.admit(t.name, {20}));
    t.early.must_run("begin isolation level repeatable read");
    t.early.begin_admit(t.name, {10});
    t.wait_until_it_waits(t.early);
    t.later.must_run("commit");
    CHECK(t.early.end_run().error == "40001");
    t.early.must_run("rollback");
    t.early.must_run("begin isolation level repeatable read");
    CHECK_FALSE(t.early.admit(t.name, {10}));
    t.early.must_run("rollback");
}

TEST_CASE("a holder that wakes up late does not change the row", "[postgres]") {
    for (int twice = 0; twice < 2; ++twice) {
        REQUIRE(child{{HOLDFAST_FENCED_POSTGRES, server().url()}}.wait() == 0);
    }
    database db;
    test_support::wakes_up_late(test_support::by_program(HOLDFAST_FENCED_POSTGRES, server().url()),
                                [&] { return db.run("select content from document").value; });
}

TEST_CASE("examples: fenced_postgres says what is wrong", "[postgres]") {
    CHECK(child{{HOLDFAST_FENCED_POSTGRES, "x", "junk", "text"}}.wait() == 64);
    CHECK(child{{HOLDFAST_FENCED_POSTGRES, "postgresql:///postgres?host=/missing", "5", "text"}}
              .wait() == 1);
}
