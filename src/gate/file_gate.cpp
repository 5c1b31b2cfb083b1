#include <holdfast/file_gate.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "os/durable_file.hpp"
#include "os/unique_fd.hpp"

namespace holdfast {
namespace {

using answer = file_gate::answer;
using outcome = file_gate::outcome;

outcome failed(const os::file_error& why) {
    return {answer::failed,
            "cannot " + std::string{why.step} + " " + why.path + ": " + std::strerror(why.code)};
}
outcome failed(const char* step, const std::string& path) { return failed({step, path, errno}); }

outcome outcome_of(const std::optional<os::file_error>& why) {
    return why ? failed(*why) : outcome{};
}

/// While it lives and `is_mine`, no other thread or process is at the gate.
class turn {
public:
    explicit turn(const std::string& path)
        : file_{os::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0666)} {
        if (file_) {
            int taken = 0;
            do {
                taken = flock(file_.get(), LOCK_EX);
            } while (taken != 0 && errno == EINTR);
            is_mine_ = taken == 0;
        }
    }
    ~turn() {
        if (is_mine_) {
            // closing would not do: a child forked meanwhile has the descriptor, too
            flock(file_.get(), LOCK_UN);
        }
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    [[nodiscard]] bool is_mine() const { return is_mine_; }

private:
    os::unique_fd file_;
    bool is_mine_ = false;
};

/// FNV-1a: a single byte that differs always shows.
std::uint64_t checksum(std::string_view bytes) {
    std::uint64_t sum = 0xcbf29ce484222325;
    for (const char c : bytes) {
        sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    return sum;
}

std::string written(const gate::marks& m) {
    std::ostringstream text;
    text << "holdfast gate 1\nexclusive " << m.exclusive.value << "\nany " << m.any.value << '\n';
    const auto sum = checksum(text.str());
    text << "sum " << std::hex << sum << '\n';
    return text.str();
}

/// Nothing for what a gate would not have written to the last byte.
std::optional<gate::marks> parse(const std::string& text) {
    gate::marks m;
    std::string word;
    std::istringstream words{text};
    words >> word >> word >> word >> word >> m.exclusive.value >> word >> m.any.value;
    return words && text == written(m) ? std::optional{m} : std::nullopt;
}

outcome read_marks(const std::string& path, gate::marks& into) {
    // A pipe of that name would keep the open waiting.
    const os::unique_fd in{os::open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)};
    if (!in) {
        // before the first access there are none
        return errno == ENOENT ? outcome{} : failed("open", path);
    }
    char bytes[256];
    const auto size = read(in.get(), bytes, sizeof bytes);
    if (size < 0) {
        return failed("read", path);
    }
    const auto marks = parse({bytes, static_cast<std::size_t>(size)});
    if (!marks) {
        // Going on from nothing would let the oldest token in.
        return {answer::damaged,
                path + " is damaged; restore it, or remove it when no older holder can be left"};
    }
    into = *marks;
    return {};
}

}  // namespace

file_gate::file_gate(std::string path) : path_{std::move(path)} {}

outcome file_gate::write(token t, std::string_view content, access how) const {
    return enter(t, how, [&] {
        auto done = replace(path_, content);
        return done ? sync_names() : done;
    });
}

outcome file_gate::run(token t, access how, const std::function<void()>& action) const {
    return enter(t, how, [&] {
        action();
        return outcome{};
    });
}

outcome file_gate::enter(token t, access how, const std::function<outcome()>& action) const {
    const auto lock = path_ + ".gate.lock", marks = path_ + ".gate";
    const turn mine{lock};
    if (!mine.is_mine()) {
        return failed("lock", lock);
    }
    gate::marks seen;
    if (auto done = read_marks(marks, seen); !done) {
        return done;
    }
    gate now{seen};
    if (!now.admit(t, how)) {
        return {answer::refused, path_ + ": token " + std::to_string(t.value) +
                                     " is nil, or older than one that was let in"};
    }
    if (now.seen() != seen) {
        if (auto done = replace(marks, written(now.seen())); !done) {
            return done;
        }
    }
    // Even when the marks have not changed: who set them may have died before this.
    if (auto done = sync_names(); !done) {
        return done;
    }
    return action();
}

outcome file_gate::replace(const std::string& path, std::string_view content) const {
    return outcome_of(os::replace_file(path, path_ + ".gate.new", content, 0666));
}

outcome file_gate::sync_names() const {
    const auto parent = std::filesystem::path{path_}.parent_path();
    return outcome_of(os::sync_directory(parent.empty() ? "." : parent.string()));
}

}  // namespace holdfast
