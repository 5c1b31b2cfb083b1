// A row of an SQLite database that refuses writers whose lock has been granted to another
// holder since.
//
//   fenced_sqlite FILE                makes the tables
//   fenced_sqlite FILE TOKEN TEXT     writes if no newer token has written; exit code 3 if one has
#include <sqlite3.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include <holdfast/sql_gate.hpp>

namespace {

class database {
public:
    explicit database(const char* path) {
        sqlite3* db = nullptr;
        const auto opened = sqlite3_open(path, &db);
        db_.reset(db);
        check(opened);
        // milliseconds that a writer waits for the one before it
        sqlite3_busy_timeout(db, 10'000);
    }

    /// How many rows it changed.
    int run(const std::string& sql) { return step(*prepare(sql)); }
    int run(const std::string& sql, const char* text) {
        const auto s = prepare(sql);
        check(sqlite3_bind_text(s.get(), 1, text, -1, SQLITE_STATIC));
        return step(*s);
    }
    int run(const std::string& sql, const char* text, std::int64_t number) {
        const auto s = prepare(sql);
        check(sqlite3_bind_text(s.get(), 1, text, -1, SQLITE_STATIC));
        check(sqlite3_bind_int64(s.get(), 2, number));
        return step(*s);
    }

private:
    using statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

    void check(int code) const {
        if (code != SQLITE_OK && code != SQLITE_DONE) {
            throw std::runtime_error{sqlite3_errmsg(db_.get())};
        }
    }
    statement prepare(const std::string& sql) const {
        sqlite3_stmt* s = nullptr;
        check(sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &s, nullptr));
        return {s, &sqlite3_finalize};
    }
    int step(sqlite3_stmt& s) const {
        check(sqlite3_step(&s));
        return sqlite3_changes(db_.get());
    }

    // closing rolls back what was not committed
    std::unique_ptr<sqlite3, decltype(&sqlite3_close)> db_{nullptr, &sqlite3_close};
};

const holdfast::sql_gate gate{holdfast::sql_dialect::sqlite};

void set_up(database& db) {
    db.run(gate.create_table());
    db.run(gate.add(), "document");
    db.run("create table if not exists document (id integer primary key, content text not null)");
    db.run("insert into document values (1, '') on conflict (id) do nothing");
}

bool write(database& db, holdfast::token mine, const char* text) {
    db.run("begin immediate");
    if (db.run(gate.admit(), "document", mine.value) == 0) {
        db.run("rollback");
        return false;
    }
    db.run("update document set content = ?1 where id = 1", text);
    db.run("commit");
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const holdfast::token mine{argc == 4 ? std::strtoll(argv[2], nullptr, 10) : 0};
    if (argc != 2 && mine.value <= 0) {
        std::fprintf(stderr, "usage: fenced_sqlite FILE [TOKEN TEXT]\n");
        return 64;
    }
    try {
        database db{argv[1]};
        if (argc == 2) {
            set_up(db);
            return 0;
        }
        const bool written = write(db, mine, argv[3]);
        std::printf(
            written ? "written under token %s\n" : "refused: a newer token than %s has written\n",
            argv[2]);
        return written ? 0 : 3;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
