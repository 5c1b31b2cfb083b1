// A PostgreSQL server of a test's own: its files in a folder of the test, reached by a socket in
// it, ended by its process id.
#pragma once

#include <pwd.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "child.hpp"
#include "folder.hpp"

namespace test_support {

class postgres_server {
public:
    postgres_server() {
        if (user_) {
            REQUIRE(chown(place_.path().c_str(), user_->pw_uid, user_->pw_gid) == 0);
        }
        child files{as_user({HOLDFAST_PG_BIN "/initdb", "--pgdata=" + data_, "--username=holdfast",
                             "--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync"})};
        const auto made = files.wait();
        INFO(said_by(files));
        REQUIRE(made == 0);
        // Without syncs: it is thrown away when anything goes wrong.
        process_.emplace(
            as_user({HOLDFAST_PG_BIN "/postgres", "-D", data_, "-c", "listen_addresses=", "-c",
                     "unix_socket_directories=" + place_.path(), "-c", "fsync=off", "-c",
                     "log_line_prefix="}));
        const auto ready = process_->expect("LOG:  database system is ready to accept connections",
                                            std::chrono::seconds{60});
        INFO(said_by(*process_));
        REQUIRE(ready);
    }
    postgres_server(const postgres_server&) = delete;
    postgres_server& operator=(const postgres_server&) = delete;
    ~postgres_server() {
        if (process_) {
            process_->kill(SIGQUIT);  // ends its own processes, too
            (void)process_->output_ends(std::chrono::seconds{30});
        }
    }

    /// Without a space in it, for the workers' sake.
    [[nodiscard]] std::string url() const {
        return "postgresql:///postgres?user=holdfast&host=" + place_.path();
    }

private:
    /// Should this process die without a word, the server is told to end. What is said on stderr is
    /// read with the rest, for there it says when it is ready.
    [[nodiscard]] std::vector<std::string> as_user(const std::vector<std::string>& command) const {
        std::vector<std::string> all{
            "/bin/sh", "-c", "exec \"$@\" 2>&1", "sh", HOLDFAST_SETPRIV, "--pdeathsig=QUIT"};
        if (user_) {
            all.insert(all.end(), {"--reuid=nobody", "--regid=" + std::to_string(user_->pw_gid),
                                   "--clear-groups"});
        }
        all.insert(all.end(), command.begin(), command.end());
        return all;
    }
    static std::string said_by(child& process) {
        std::string all;
        for (const auto& l : process.all_unread()) {
            all += l.text + "\n";
        }
        return all;
    }

    /// Whose the server is: PostgreSQL refuses to be root's.
    const passwd* user_ = geteuid() == 0 ? getpwnam("nobody") : nullptr;
    folder place_;
    std::string data_ = place_ / "data";
    std::optional<child> process_;
};

}  // namespace test_support
