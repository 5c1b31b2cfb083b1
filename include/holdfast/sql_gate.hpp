// The gate of what a database keeps: its statements as text, for any client library to run.
//
// Header only, without the rest of the library and without a database: link nothing to use it.
#pragma once

#include <string>
#include <utility>

#include <holdfast/gate.hpp>

namespace holdfast {

/// How a statement names its parameters: `$1` or `?1`.
enum class sql_dialect { postgresql, sqlite };

/// The marks of each gate are a row in a table of the same database as what it guards. An access is
/// one transaction:
///
///     begin;                                     -- SQLite: begin immediate
///     <admit>;                                   -- no row changed: rollback, the token is refused
///     update document set content = ...;         -- what it was let in for
///     commit;
///
/// Why an older token comes too late for ever: `admit` takes the lock of the gate's row, which the
/// transaction keeps until its end. Of two transactions of one gate the second waits at its `admit`
/// for the end of the first, and then looks at the marks that the first has left (READ COMMITTED,
/// PostgreSQL's default, reads the row again). So they commit in the order in which they were let
/// in; one that finds a newer token there changes nothing, and one that was let in before a newer
/// token has committed before it. From REPEATABLE READ on, PostgreSQL ends the waiting one with a
/// serialization failure (40001) instead: roll back and try again with the same token, as always at
/// that level. SQLite has one writer at a time for the whole file; SQLITE_BUSY means neither let in
/// nor refused: roll back and try again.
///
/// Crashes: marks and data are one commit, so what a power cut or a failover to a lagging replica
/// takes back, it takes back of both. A commit that got no answer may have happened: do it again,
/// for the same token is let in again.
///
/// Shared accesses of one gate take turns, too. In a savepoint that is rolled back `admit` has not
/// happened.
///
/// Who is stopped between `admit` and `commit` keeps the others waiting: set PostgreSQL's
/// `idle_in_transaction_session_timeout`, which ends that transaction and what it wanted to write.
class sql_gate {
public:
    /// `table` goes into the statements as it is: a name of yours, not one from outside.
    explicit sql_gate(sql_dialect dialect, std::string table = "holdfast_gates")
        : parameter_{dialect == sql_dialect::postgresql ? '$' : '?'}, table_{std::move(table)} {}

    /// Run it when the database is set up. No parameters.
    [[nodiscard]] std::string create_table() const {
        return "create table if not exists " + table_ +
               " (name text primary key, newest_exclusive bigint not null, newest bigint not null)";
    }

    /// Adds the gate that is named by parameter 1, and changes nothing if it is there. One gate for
    /// each guarded thing, and tokens of one lock only at each gate: the lock's name is a good one,
    /// if it is text (the library's names may be any bytes).
    [[nodiscard]] std::string add() const {
        // The lowest token there is: whatever a lock grants passes, nil does not.
        return "insert into " + table_ + " (name, newest_exclusive, newest) values (" +
               parameter(1) + ", 1, 1) on conflict (name) do nothing";
    }

    /// Lets a token in as `gate::admit` does. Parameter 1: the gate's name. Parameter 2: the token,
    /// as a 64-bit integer. One row changed: let in. None: refused; or there is no such gate, which
    /// is refused, too, so that a lost row opens nothing.
    [[nodiscard]] std::string admit(access how = access::exclusive) const {
        const auto name = parameter(1), token = parameter(2);
        return how == access::exclusive
                   ? "update " + table_ + " set newest_exclusive = " + token +
                         ", newest = " + token + " where name = " + name + " and newest <= " + token
                   : "update " + table_ + " set newest = case when newest < " + token + " then " +
                         token + " else newest end where name = " + name +
                         " and newest_exclusive <= " + token;
    }

private:
    [[nodiscard]] std::string parameter(int number) const {
        return parameter_ + std::to_string(number);
    }

    char parameter_;
    std::string table_;
};

}  // namespace holdfast
