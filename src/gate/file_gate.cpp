#include <holdfast/file_gate.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

namespace holdfast {
namespace {

using answer = file_gate::answer;
using outcome = file_gate::outcome;

outcome failed(const char* doing, const std::string& path) {
    return {answer::failed,
            "cannot " + std::string{doing} + " " + path + ": " + std::strerror(errno)};
}

class file {
public:
    file(const std::string& path, int flags, mode_t mode = 0)
        : fd_{open(path.c_str(), flags | O_CLOEXEC, mode)} {}
    ~file() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    file(const file&) = delete;
    file& operator=(const file&) = delete;

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] int descriptor() const { return fd_; }

private:
    int fd_;
};

/// While it lives and `is_mine`, no other thread or process is at the gate.
class turn {
public:
    explicit turn(const std::string& path) : file_{path, O_RDWR | O_CREAT, 0666} {
        if (file_.is_open()) {
            int taken = 0;
            do {
                taken = flock(file_.descriptor(), LOCK_EX);
            } while (taken != 0 && errno == EINTR);
            is_mine_ = taken == 0;
        }
    }
    ~turn() {
        if (is_mine_) {
            // closing would not do: a child forked meanwhile has the descriptor, too
            flock(file_.descriptor(), LOCK_UN);
        }
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    [[nodiscard]] bool is_mine() const { return is_mine_; }

private:
    file file_;
    bool is_mine_ = false;
};

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = write(fd, bytes.data(), bytes.size());
        if (n < 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

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
    const file in{path, O_RDONLY};
    if (!in.is_open()) {
        // before the first access there are none
        return errno == ENOENT ? outcome{} : failed("open", path);
    }
    char bytes[256];
    const auto size = read(in.descriptor(), bytes, sizeof bytes);
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
    const auto fresh = path_ + ".gate.new";
    // a crash may have left it, and it may be another user's
    if (unlink(fresh.c_str()) != 0 && errno != ENOENT) {
        return failed("remove", fresh);
    }
    struct stat old {};
    const bool is_there = stat(path.c_str(), &old) == 0;
    {
        const file out{fresh, O_WRONLY | O_CREAT | O_EXCL, 0666};
        if (!out.is_open()) {
            return failed("create", fresh);
        }
        if ((is_there && fchmod(out.descriptor(), old.st_mode & 07777) != 0) ||
            !write_all(out.descriptor(), content) || fsync(out.descriptor()) != 0) {
            return failed("write", fresh);
        }
    }
    return rename(fresh.c_str(), path.c_str()) == 0 ? outcome{} : failed("replace", path);
}

outcome file_gate::sync_names() const {
    const auto parent = std::filesystem::path{path_}.parent_path();
    const auto folder = parent.empty() ? std::string{"."} : parent.string();
    const file names{folder, O_RDONLY | O_DIRECTORY};
    return names.is_open() && fsync(names.descriptor()) == 0 ? outcome{} : failed("sync", folder);
}

}  // namespace holdfast
