// sql_gate on SQLite, and examples/fenced_sqlite.
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

#include <holdfast/sql_gate.hpp>

#include "folder.hpp"
#include "late_writer.hpp"
#include "same_as_gate.hpp"

using holdfast::token;
using test_support::child;
using test_support::folder;

namespace {

const holdfast::sql_gate gate{holdfast::sql_dialect::sqlite};

/// One connection.
class database {
public:
    explicit database(const std::string& path) {
        sqlite3* db = nullptr;
        const auto opened = sqlite3_open(path.c_str(), &db);
        db_.reset(db);
        REQUIRE(opened == SQLITE_OK);
    }

    /// The result code; a parameter 1 and 2 where there are some.
    int run(const std::string& sql, const std::string& name = {}, std::int64_t number = 0) {
        sqlite3_stmt* s = nullptr;
        REQUIRE(sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &s, nullptr) == SQLITE_OK);
        if (sqlite3_bind_parameter_count(s) > 0) {
            sqlite3_bind_text(s, 1, name.c_str(), -1, SQLITE_TRANSIENT);
        }
        if (sqlite3_bind_parameter_count(s) > 1) {
            sqlite3_bind_int64(s, 2, number);
        }
        const auto code = sqlite3_step(s);
        text_ = code == SQLITE_ROW ? reinterpret_cast<const char*>(sqlite3_column_text(s, 0)) : "";
        sqlite3_finalize(s);
        return code;
    }
    bool admit(token t, holdfast::access how = holdfast::access::exclusive,
               const std::string& name = "g") {
        REQUIRE(run(gate.admit(how), name, t.value) == SQLITE_DONE);
        return sqlite3_changes(db_.get()) == 1;
    }
    std::string first_of(const std::string& sql) {
        REQUIRE(run(sql) == SQLITE_ROW);
        return text_;
    }

private:
    std::unique_ptr<sqlite3, decltype(&sqlite3_close)> db_{nullptr, &sqlite3_close};
    std::string text_;
};

struct with_gate {
    folder place;
    std::string path = place / "database";
    database db{path};

    with_gate() {
        for (int twice = 0; twice < 2; ++twice) {
            REQUIRE(db.run(gate.create_table()) == SQLITE_DONE);
            REQUIRE(db.run(gate.add(), "g") == SQLITE_DONE);
        }
    }
};

}  // namespace

TEST_CASE("a gate in SQLite lets in whom a gate lets in", "[sqlite]") {
    with_gate w;
    REQUIRE(w.db.run("begin immediate") == SQLITE_DONE);  // one sync instead of hundreds
    test_support::is_same_as_gate(
        [&](token t, holdfast::access how) { return w.db.admit(t, how); });
    REQUIRE(w.db.run("commit") == SQLITE_DONE);
    REQUIRE(w.db.run(gate.add(), "g") == SQLITE_DONE);
    CHECK_FALSE(w.db.admit({5}));  // adding it again has changed nothing
}

TEST_CASE("a gate that is not there lets no token in, and gates are independent", "[sqlite]") {
    with_gate w;
    CHECK_FALSE(w.db.admit({7}, holdfast::access::exclusive, "another"));
    CHECK_FALSE(w.db.admit({7}, holdfast::access::shared, "another"));
    REQUIRE(w.db.run(gate.add(), "another") == SQLITE_DONE);
    CHECK(w.db.admit({7}, holdfast::access::exclusive, "another"));
    CHECK(w.db.admit({3}));
}

TEST_CASE("an access is in the midst of its transaction: an older one is not let in, then or later",
          "[sqlite]") {
    with_gate w;
    database other{w.path};
    REQUIRE(w.db.run("begin immediate") == SQLITE_DONE);
    CHECK(w.db.admit({20}));
    CHECK(other.run("begin immediate") == SQLITE_BUSY);
    CHECK(other.run(gate.admit(), "g", 10) == SQLITE_BUSY);
    SECTION("it commits") {
        REQUIRE(w.db.run("commit") == SQLITE_DONE);
        CHECK_FALSE(other.admit({10}));
    }
    SECTION("it is rolled back, and has never been") {
        REQUIRE(w.db.run("rollback") == SQLITE_DONE);
        CHECK(other.admit({10}));
    }
}

TEST_CASE("a holder that wakes up late does not change the row", "[sqlite]") {
    const folder f;
    const auto path = f / "database";
    REQUIRE(child{{HOLDFAST_FENCED_SQLITE, path}}.wait() == 0);
    database db{path};
    test_support::wakes_up_late(test_support::by_program(HOLDFAST_FENCED_SQLITE, path),
                                [&] { return db.first_of("select content from document"); });
}

TEST_CASE("examples: fenced_sqlite says how it is used", "[sqlite]") {
    CHECK(child{{HOLDFAST_FENCED_SQLITE, "x", "junk", "text"}}.wait() == 64);
    CHECK(child{{HOLDFAST_FENCED_SQLITE, "/missing/x", "5", "text"}}.wait() == 1);
}
