// The control socket of an agent. One line of JSON asks (questions.hpp); each line back has one
// member of the answer:
// {"answer": LINE}, any number of them; then {"end": true}, or {"error": TEXT, "code": NAME} at any
// time.
#pragma once

#include <atomic>
#include <list>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include <holdfast/peer.hpp>

#include "descriptor.hpp"
#include "questions.hpp"

namespace holdfast_tool {

/// Asks the agent that serves at `path`. Returns at the end of the answer, or when asked to stop.
void ask_agent(const std::string& path, const nlohmann::json& asked, const listener& to);

/// The socket that clients connect to. It belongs to the user who runs the agent, and to no other.
class control_socket {
public:
    /// Takes the place of a socket that an agent left behind, never of one that is served.
    explicit control_socket(std::string path);
    ~control_socket();
    control_socket(const control_socket&) = delete;
    control_socket& operator=(const control_socket&) = delete;

    [[nodiscard]] int listener() const { return listener_; }

private:
    std::string path_;
    descriptor listener_;
};

/// Answers who comes there, while it lives.
///
/// Each client has a thread: then a question is a plain function that may wait, for the cluster or
/// for a client that reads slowly, and delays no other client. Questions are few and come from
/// people and scripts, so a small number of threads is enough. A client beyond that number is
/// refused.
class control_server {
public:
    control_server(const control_socket& at, const holdfast::peer& with);
    ~control_server();  ///< answers that are under way end
    control_server(const control_server&) = delete;
    control_server& operator=(const control_server&) = delete;

private:
    struct client {
        explicit client(int fd) : connection{fd} {}
        descriptor connection;
        bool has_hung_up = false;
        std::atomic<bool> is_done = false;
        std::jthread thread;  // last: it ends before what it uses is gone
    };

    void serve(const std::stop_token& stop);
    bool accept_one();
    void answer_one(int to, const std::stop_token& stop) const;
    void wake() const;

    const control_socket& at_;
    const holdfast::peer& with_;
    descriptor woken_;
    std::list<client> clients_;  // of the thread below
    std::jthread thread_;
};

}  // namespace holdfast_tool
