// A row of a PostgreSQL database that refuses writers whose lock has been granted to another
// holder since.
//
//   fenced_postgres CONNECTION                makes the tables (CONNECTION as for psql, e.g.
//   postgresql:///mine?host=/run/postgresql) fenced_postgres CONNECTION TOKEN TEXT     writes if no
//   newer token has written; exit code 3 if one has
#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <holdfast/sql_gate.hpp>

namespace {

class database {
public:
    explicit database(const char* connection) : db_{PQconnectdb(connection), &PQfinish} {
        if (PQstatus(db_.get()) != CONNECTION_OK) {
            throw std::runtime_error{PQerrorMessage(db_.get())};
        }
    }

    /// How many rows it changed.
    int run(const std::string& sql, const std::vector<const char*>& parameters = {}) {
        const std::unique_ptr<PGresult, decltype(&PQclear)> done{
            PQexecParams(db_.get(), sql.c_str(), static_cast<int>(parameters.size()), nullptr,
                         parameters.data(), nullptr, nullptr, 0),
            &PQclear};
        // A commit that answers ROLLBACK has succeeded in ending a transaction that had failed.
        if (PQresultStatus(done.get()) != PGRES_COMMAND_OK ||
            (sql == "commit" && std::string{PQcmdStatus(done.get())} != "COMMIT")) {
            throw std::runtime_error{sql + ": " + PQerrorMessage(db_.get())};
        }
        return std::atoi(PQcmdTuples(done.get()));
    }

private:
    std::unique_ptr<PGconn, decltype(&PQfinish)> db_;
};

const holdfast::sql_gate gate{holdfast::sql_dialect::postgresql};

void set_up(database& db) {
    db.run("set client_min_messages = warning");  // no word about what is there already
    db.run(gate.create_table());
    db.run(gate.add(), {"document"});
    db.run("create table if not exists document (id integer primary key, content text not null)");
    db.run("insert into document values (1, '') on conflict (id) do nothing");
}

bool write(database& db, const char* token, const char* text) {
    // else who is stopped in the next lines stops the others
    db.run("set idle_in_transaction_session_timeout = '10s'");
    db.run("begin");
    if (db.run(gate.admit(), {"document", token}) == 0) {
        db.run("rollback");
        return false;
    }
    db.run("update document set content = $1 where id = 1", {text});
    db.run("commit");
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 && (argc != 4 || std::strtoll(argv[2], nullptr, 10) <= 0)) {
        std::fprintf(stderr, "usage: fenced_postgres CONNECTION [TOKEN TEXT]\n");
        return 64;
    }
    try {
        database db{argv[1]};
        if (argc == 2) {
            set_up(db);
            return 0;
        }
        const bool written = write(db, argv[2], argv[3]);
        std::printf(
            written ? "written under token %s\n" : "refused: a newer token than %s has written\n",
            argv[2]);
        return written ? 0 : 3;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
