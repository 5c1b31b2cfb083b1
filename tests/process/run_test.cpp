// `holdfast run`: nothing of a command works on without the lock, and a command runs as it would
// without holdfast.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <list>
#include <sstream>
#include <string>
#include <vector>

#include "agents.hpp"
#include "at_terminal.hpp"

using namespace process_tests;

namespace {

/// The field of /proc/ID/stat after the name: the state first, then the parent.
std::string of_process(pid_t id, int field) {
    std::ifstream file{"/proc/" + std::to_string(id) + "/stat"};
    std::string all;
    std::getline(file, all);
    if (all.rfind(')') == std::string::npos) {
        return {};
    }
    std::istringstream words{all.substr(all.rfind(')') + 1)};
    std::string word;
    for (int i = 0; i <= field && words >> word; ++i) {
    }
    return word;
}

/// It was sent to the process, which has not taken it yet.
bool is_pending(pid_t id, int signal_number) {
    std::ifstream file{"/proc/" + std::to_string(id) + "/status"};
    std::string word;
    while (file >> word && word != "ShdPnd:") {
    }
    file >> word;
    return (std::stoull(word, nullptr, 16) >> (signal_number - 1) & 1U) != 0;
}

bool is_gone(pid_t id) {
    const auto state = of_process(id, 0);
    return state.empty() || state == "Z" || state == "X";
}

/// Steps of a command that have left its process group, in every way that programs do that. They
/// have the other end of a pipe that is read here, and no other process has it.
struct strays {
    static constexpr int count = 6;
    // $W is what a step does. $C starts itself anew and ends, a few thousand times.
    static constexpr auto all = R"(
        timeout 60 sh -c "$W" &
        setsid sh -c "$W" &
        (setsid sh -c 'sh -c "$W" & exit' &)
        set -m; sh -c "$W" & set +m
        sh -c 'sh -c "$W" & exit' &
        sh $C 1 &
    )";

    std::filesystem::path folder = agents::new_folder();
    std::string sign = (folder / "sign").string(), ids = (folder / "ids").string(),
                chain = (folder / "chain").string();
    child reader;

    strays() : reader{{"/bin/cat", made()}} {}
    ~strays() { std::filesystem::remove_all(folder); }

    std::string made() const {
        std::filesystem::create_directories(folder);
        REQUIRE(mkfifo(sign.c_str(), 0600) == 0);
        std::ofstream{chain} << "[ $1 = 1 ] && echo step\n[ $1 -lt 5000 ] && sh $C $(($1 + 1)) &\n";
        return sign;
    }
    /// Starts them, says so, and then does `more`. Each says `step`; what asks it to end it ignores
    /// if it is `deaf`.
    [[nodiscard]] std::string command(const std::string& more, bool is_deaf) const {
        const std::string step = std::string{is_deaf ? "trap \"\" TERM HUP;" : ""} +
                                 " echo $$ >> " + ids + "; echo step; exec sleep 60";
        return "C=" + chain + "; W='" + step + "'; export C W; { " + all + " } > " + sign + "; " +
               more;
    }
    [[nodiscard]] bool have_begun() {
        for (int i = 0; i < count; ++i) {
            if (!reader.expect("step")) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool are_gone() { return reader.output_ends(20s).has_value(); }
    /// What the next holder runs: it says which of them it sees.
    [[nodiscard]] std::string look() const {
        return "for id in $(cat " + ids +
               "); do kill -0 $id 2>/dev/null && echo sees $id; done; "
               "echo mine";
    }
};

/// It gets the lock, and sees none of them.
void check_next(child& next) {
    CHECK(next.expect("mine"));
    for (const auto& line : next.all_unread()) {
        CAPTURE(line.text);
        CHECK_FALSE(line.text.starts_with("sees"));
    }
    CHECK(next.wait() == 0);
}

/// The child of `holdfast run` is its guard.
pid_t guard_of(const child& run) {
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") == std::string::npos &&
            of_process(std::stoi(name), 1) == std::to_string(run.id())) {
            return std::stoi(name);
        }
    }
    return -1;
}

std::vector<std::string> with_errors_at(const std::string& path, std::vector<std::string> words) {
    words.insert(words.begin(), {"/bin/sh", "-c", "exec \"$@\" 2>" + path, "sh"});
    return words;
}

/// For a shell, whose words these are.
std::string in_a_shell(const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : words) {
        line += word + " ";
    }
    return line;
}

}  // namespace

// ---- every life ends with nothing left

TEST_CASE("holdfast run: when the command ends, what it has left behind ends before the lock does",
          "[process]") {
    const auto& a = unharmed();
    for (const bool is_deaf : {false, true}) {
        CAPTURE(is_deaf);
        strays steps;
        auto job = a.run("left-behind", steps.command("read line; exit 3", is_deaf));
        REQUIRE(steps.have_begun());
        auto next = a.run("left-behind", steps.look());
        job.end_input();
        CHECK(job.wait() == 3);
        check_next(next);
        CHECK(steps.are_gone());
    }
}

TEST_CASE("holdfast run: a signal for the command ends all that it has started", "[process]") {
    const auto& a = unharmed();
    strays steps;
    auto job = a.run("signalled", steps.command("while :; do sleep 0.01; done", false));
    REQUIRE(steps.have_begun());
    auto next = a.run("signalled", steps.look());
    job.kill(SIGTERM);
    CHECK(job.wait() == 128 + SIGTERM);
    check_next(next);
    CHECK(steps.are_gone());
}

TEST_CASE("holdfast run: a second signal does not wait for what ignores the first", "[process]") {
    const auto& a = unharmed();
    strays steps;
    auto job = a.run("twice", steps.command("echo $$; exec sleep 60", true));
    const auto id = job.expect("");
    REQUIRE(id);
    REQUIRE(steps.have_begun());
    const auto asked = steady::now();
    job.kill(SIGTERM);
    REQUIRE(until_it_is_so([&] { return is_gone(std::stoi(id->text)); }));
    job.kill(SIGTERM);
    CHECK(job.wait() == 128 + SIGTERM);
    CHECK(steady::now() - asked < 4s);  // the grace is 5 s
    CHECK(steps.are_gone());
}

TEST_CASE("holdfast run: a signal after the command's end is for what it has left behind",
          "[process]") {
    const auto& a = unharmed();
    strays steps;
    auto job = a.run("ended", steps.command("echo $$; exec sleep 60", true));
    const auto id = job.expect("");
    REQUIRE(id);
    REQUIRE(steps.have_begun());
    // Its guard, which is stopped, finds the end of the command and the signal together.
    const auto guard = guard_of(job);
    REQUIRE(guard > 0);
    kill(guard, SIGSTOP);
    REQUIRE(until_it_is_so([&] { return of_process(guard, 0) == "T"; }));
    const auto command = static_cast<pid_t>(std::stoi(id->text));
    kill(command, SIGKILL);
    REQUIRE(until_it_is_so([&] { return is_gone(command); }));
    const auto asked = steady::now();
    job.kill(SIGTERM);
    REQUIRE(until_it_is_so([&] { return !is_pending(job.id(), SIGTERM); }));
    kill(guard, SIGCONT);
    CHECK(job.wait() == 128 + SIGKILL);
    CHECK(steady::now() - asked < 4s);  // the grace is 5 s
    CHECK(steps.are_gone());
}

TEST_CASE("holdfast run: killed, it leaves nothing behind that works beside the next holder",
          "[process]") {
    const auto& a = unharmed();
    strays steps;
    auto job = a.run("killed", steps.command("while :; do sleep 0.01; done", true));
    REQUIRE(steps.have_begun());
    auto next = a.run("killed", steps.look());
    job.kill(SIGKILL);
    check_next(next);
    CHECK(steps.are_gone());
}

TEST_CASE("holdfast run: a hold that is broken ends all that the command has started",
          "[process]") {
    const auto& a = unharmed();
    strays steps;
    auto job = a.run("broken", steps.command("while :; do sleep 0.01; done", true));
    REQUIRE(steps.have_begun());
    CHECK(child{a.command({"break", "broken", "--reason", "test", "--control", a.control(0)})}
              .wait() == 0);
    CHECK(job.wait() == 76);
    CHECK(steps.are_gone());
}

TEST_CASE("holdfast run: a lock that is lost ends all that the command has started", "[process]") {
    agents a{with_a_long_lease()};
    strays steps;
    auto job = a.run("lost", steps.command("while :; do sleep 0.01; done", true));
    REQUIRE(steps.have_begun());
    auto seat = a.all.begin();
    const auto killed = steady::now();
    seat->kill(SIGKILL);
    (++seat)->kill(SIGKILL);
    const auto gone = steps.reader.output_ends(20s);
    REQUIRE(gone);
    CHECK(*gone - killed <= long_lease);
    CHECK(job.wait() == 76);
}

TEST_CASE("holdfast run: when its guard is killed it ends the command itself", "[process]") {
    const auto& a = unharmed();
    strays steps;
    auto job = a.run("no-guard", steps.command("while :; do sleep 0.01; done", true));
    REQUIRE(steps.have_begun());
    auto next = a.run("no-guard", steps.look());
    const auto guard = guard_of(job);
    REQUIRE(guard > 0);
    kill(guard, SIGKILL);
    CHECK(job.wait() == 71);
    check_next(next);
    CHECK(steps.are_gone());
}

// ---- a command runs as it would without holdfast

TEST_CASE("holdfast run: its command has the signals that it was started with", "[process]") {
    const auto& a = unharmed();
    const std::vector<std::string> odd{"/usr/bin/env", "--default-signal=PIPE,HUP,USR2",
                                       "--ignore-signal=CHLD,USR1,QUIT", "--block-signal=WINCH"};
    const std::vector<std::string> show{"/bin/grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"};
    const auto told = [&](std::vector<std::string> words) {
        words.insert(words.begin(), odd.begin(), odd.end());
        words.insert(words.end(), show.begin(), show.end());
        child c{words};
        std::vector<std::string> lines;
        for (const auto* name : {"SigBlk:", "SigIgn:"}) {
            const auto line = c.expect(name);
            lines.push_back(line ? line->text : "nothing");
        }
        CHECK(c.wait() == 0);
        return lines;
    };
    CHECK(told(a.command({"run", "--lock", "signals", "--"})) == told({}));
    // A loop that writes to a program which has ended goes on for ever if SIGPIPE is ignored.
    auto job = a.run("signals", "while :; do echo row; done | head -n 1; echo finished");
    CHECK(job.expect("finished"));
    CHECK(job.wait() == 0);
}

TEST_CASE("holdfast run: a command that is stopped hears what asks it to end", "[process]") {
    const auto& a = unharmed();
    auto job = a.run("stopped-command",
                     "trap 'echo asked; exit 5' TERM; echo $$; while :; do sleep 0.01; done");
    const auto id = job.expect("");
    REQUIRE(id);
    const auto command = static_cast<pid_t>(std::stoi(id->text));
    kill(command, SIGSTOP);
    REQUIRE(until_it_is_so([&] { return of_process(command, 0) == "T"; }));
    job.kill(SIGTERM);
    CHECK(job.expect("asked"));
    CHECK(job.wait() == 5);
}

TEST_CASE("holdfast run: standard descriptors that are closed are /dev/null", "[process]") {
    const auto& a = unharmed();
    const auto seen = (a.folder / "descriptors").string();
    auto words = a.command({"run", "--lock", "closed", "--", "/bin/sh", "-c",
                            // dash redirects in the shell itself, while its command runs
                            "x=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); "
                            "echo \"$x\" > " +
                                seen});
    words.insert(words.begin(), {"/bin/sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"});
    CHECK(child{words}.wait() == 0);
    std::ifstream file{seen};
    for (int fd = 0; fd < 3; ++fd) {
        std::string to;
        std::getline(file, to);
        CHECK(to == "/dev/null");
    }
}

// ---- the terminal

TEST_CASE("holdfast run: a command reads the terminal, and its keys reach it", "[process]") {
    const auto& a = unharmed();
    at_terminal job{a.command({"run", "--lock", "terminal", "--", "/bin/sh", "-c",
                               "echo held; read line; echo got:$line; exec sleep 60"})};
    REQUIRE(job.shows("held"));
    job.press("hello\n");
    CHECK(job.shows("got:hello"));
    job.press("\x03");
    CHECK(job.wait() == 128 + SIGINT);
}

TEST_CASE("holdfast run: its caller has the terminal again when the command ends", "[process]") {
    const auto& a = unharmed();
    const auto line = in_a_shell(
        a.command({"run", "--lock", "terminal", "--", "/bin/sh", "-c", "'read one; exit 4'"}));
    at_terminal script{
        {"/bin/sh", "-c", "echo begins; " + line + "; echo code:$?; read two; echo after:$two"}};
    REQUIRE(script.shows("begins"));
    script.press("first\n");
    REQUIRE(script.shows("code:4"));
    script.press("second\n");
    CHECK(script.shows("after:second"));
    CHECK(script.wait() == 0);
}

TEST_CASE("holdfast run: stopped by the terminal's key it is a job like any other", "[process]") {
    // Alone, with a lease that outlasts a stop on a busy machine.
    const auto line =
        in_a_shell({tool, "run", "--profile", "local", "--lease", "8s", "--lock", "terminal", "--",
                    "/bin/sh", "-c", "'echo held; read one; echo got:$one'"});
    at_terminal shell{
        {"/bin/sh", "-c", "set -m; " + line + "; echo stopped:$?; fg >/dev/null; echo code:$?"}};
    REQUIRE(shell.shows("held"));
    shell.press("\x1a");
    CHECK(shell.shows("stopped:"));
    shell.press("more\n");
    CHECK(shell.shows("got:more"));
    CHECK(shell.shows("code:0"));
    CHECK(shell.wait() == 0);
}

TEST_CASE("holdfast run: in a pipeline a command gets the terminal when it reads it", "[process]") {
    const auto& a = unharmed();
    const auto line = in_a_shell(a.command({"run", "--lock", "terminal", "--", "/bin/sh", "-c",
                                            "'echo held; read one < /dev/tty; echo got:$one'"}));
    at_terminal shell{{"/bin/sh", "-c", line + " | cat; echo code:$?"}};
    REQUIRE(shell.shows("held"));
    shell.press("hello\n");
    CHECK(shell.shows("got:hello"));
    CHECK(shell.shows("code:0"));
    CHECK(shell.wait() == 0);
}

// ---- an agent's end

TEST_CASE("holdfast agent ends although its log is not read", "[process]") {
    const auto folder = agents::new_folder();
    std::filesystem::create_directories(folder);
    const auto path = (folder / "log").string();
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    const int log = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(fcntl(log, F_SETPIPE_SZ, 4096) > 0);
    const std::string full(4096, 'x');
    for (auto n = write(log, full.data(), full.size()); n > 0;) {
        n = write(log, full.data(), full.size());
    }
    const auto address = test_support::free_addresses(1)[0];
    child agent{with_errors_at(
        path, {tool, "agent", "--profile", "local", "--listen", address, "--seeds", address})};
    REQUIRE(agent.expect("ready "));
    agent.kill(SIGTERM);
    CHECK(agent.wait(20s) == 0);
    close(log);
    std::filesystem::remove_all(folder);
}

TEST_CASE("holdfast agent without a quorum ends with its own lease", "[process]") {
    agents a{with_a_long_lease()};
    auto seat = a.all.begin();
    auto& last = *seat;
    (++seat)->kill(SIGKILL);
    (++seat)->kill(SIGKILL);
    const auto asked = steady::now();
    last.kill(SIGTERM);
    CHECK(last.wait() == 0);
    CHECK(steady::now() - asked < 2 * long_lease);  // one lease, not four or five
}

TEST_CASE("holdfast agent: a second signal ends it at once", "[process]") {
    const auto address = test_support::free_addresses(3);
    const auto folder = agents::new_folder();
    std::filesystem::create_directories(folder);
    std::list<child> all;
    for (std::size_t i = 0; i < 3; ++i) {
        all.emplace_back(std::vector<std::string>{
            tool, "agent", "--profile", "local", "--lease", "8s", "--listen", address[i],
            "--control", (folder / std::to_string(i)).string(), "--seeds",
            address[0] + "," + address[1] + "," + address[2]});
    }
    for (auto& one : all) {
        REQUIRE(one.expect("ready "));
    }
    auto seat = all.begin();
    auto& last = *seat;
    (++seat)->kill(SIGKILL);
    (++seat)->kill(SIGKILL);
    const auto asked = steady::now();
    last.kill(SIGTERM);
    REQUIRE(until_it_is_so([&] { return !std::filesystem::exists(folder / "0"); }));
    last.kill(SIGTERM);
    CHECK(last.wait() == 128 + SIGTERM);
    CHECK(steady::now() - asked < 4s);
    std::filesystem::remove_all(folder);
}
