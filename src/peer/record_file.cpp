#include "peer/record_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "os/durable_file.hpp"
#include "os/unique_fd.hpp"
#include "wire/codec.hpp"

namespace holdfast::runtime {
namespace {

// The heading names the version. Behind it come frames: a mark by which one is found behind damaged
// bytes, the size of the content, its checksum, and the content: since when the log is whole, and a
// record, or none. Numbers are little-endian.
constexpr std::string_view heading = "holdfast records 1\n";
constexpr std::string_view frame_mark = "\xF1hfr";
constexpr std::size_t head_size = 16;
constexpr std::size_t since_size = 8;
constexpr std::size_t most_content = 65536;
constexpr std::int64_t most_bytes = std::int64_t{64} << 20;
const std::string file = "records";
const std::string aside = "records.damaged";

void put(std::string& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
        out += static_cast<char>(value >> (8 * i) & 0xFF);
    }
}

std::uint64_t take(std::string_view from, std::size_t at, std::size_t bytes) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        out |= std::uint64_t{static_cast<unsigned char>(from[at + i])} << (8 * i);
    }
    return out;
}

std::uint64_t checksum(std::string_view content) {
    return XXH3_64bits_withSeed(content.data(), content.size(), content.size());
}

void put_frame(std::string& out, std::int64_t since_ms, const audit_record* what) {
    std::string content;
    put(content, static_cast<std::uint64_t>(since_ms), since_size);
    if (what != nullptr) {
        std::vector<std::byte> bytes;
        wire::encode_record(*what, bytes);
        content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    out += frame_mark;
    put(out, content.size(), 4);
    put(out, checksum(content), 8);
    out += content;
}

/// Behind a log that is whole since `before_ms`. Of what is appended a part may be there after a
/// crash: only its last frame says that more is whole than before.
std::string frames_of(const audit_history& what, std::int64_t before_ms) {
    std::string out;
    const auto meanwhile = std::max(what.whole_since_ms, before_ms);
    for (const auto& r : what.records) {
        const bool is_last = &r == &what.records.back();
        put_frame(out, is_last ? what.whole_since_ms : meanwhile, &r);
    }
    if (what.records.empty()) {
        put_frame(out, what.whole_since_ms, nullptr);
    }
    return out;
}

/// The content of the frame at `at`; nothing: there is no whole one.
std::optional<std::string_view> content_at(std::string_view bytes, std::size_t at) {
    if (bytes.size() - at < head_size || bytes.substr(at, frame_mark.size()) != frame_mark) {
        return std::nullopt;
    }
    const auto size = take(bytes, at + 4, 4);
    if (size < since_size || size > most_content || size > bytes.size() - at - head_size) {
        return std::nullopt;
    }
    const auto content = bytes.substr(at + head_size, size);
    return checksum(content) == take(bytes, at + 8, 8) ? std::optional{content} : std::nullopt;
}

/// What is whole, the place behind the last such frame, and whether something before that is not.
struct parsed {
    audit_history what;
    std::size_t end = 0;
    bool is_damaged = false;
};

parsed parse(std::string_view bytes) {
    parsed out;
    out.end = heading.size();
    for (auto at = out.end; at < bytes.size();) {
        const auto content = content_at(bytes, at);
        if (!content) {
            // a part of one, or what a failing disk made of it: the next may be whole
            const auto next = bytes.find(frame_mark, at + 1);
            at = next == std::string_view::npos ? bytes.size() : next;
            continue;
        }
        out.is_damaged = out.is_damaged || at != out.end;
        at += head_size + content->size();
        out.end = at;
        out.what.whole_since_ms = static_cast<std::int64_t>(take(*content, 0, since_size));
        const auto record = content->substr(since_size);
        if (record.empty()) {
            continue;
        }
        if (auto read = wire::decode_record(std::as_bytes(std::span{record}))) {
            out.what.records.push_back(std::move(*read));
        } else {
            out.is_damaged = true;
        }
    }
    return out;
}

bool write_at(int fd, std::string_view bytes, std::uint64_t at) {
    while (!bytes.empty()) {
        const auto n = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
        at += static_cast<std::uint64_t>(n);
    }
    return true;
}

}  // namespace

tl::unexpected<error> record_file::refused(const char* step, const std::string& name,
                                           int code) const {
    return fail(errc::io_error, std::string{"state_dir: cannot "} + step + " " + path_ + "/" +
                                    name + ": " + std::strerror(code));
}

result<std::optional<std::string>> record_file::read() const {
    // A pipe of that name would keep the open waiting.
    const os::unique_fd in{os::open_file_in(directory_, file, O_RDONLY | O_NONBLOCK)};
    if (!in) {
        return errno == ENOENT ? result<std::optional<std::string>>{std::nullopt}
                               : refused("open", file, errno);
    }
    struct stat is {};
    if (fstat(in.get(), &is) != 0) {
        return refused("look at", file, errno);
    }
    if (!S_ISREG(is.st_mode) || is.st_size > most_bytes) {
        return std::optional{std::string{}};  // it has no heading: it is not ours
    }
    std::string out(static_cast<std::size_t>(is.st_size), '\0');
    std::size_t at = 0;
    while (at < out.size()) {
        const auto n = ::read(in.get(), out.data() + at, out.size() - at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return refused("read", file, errno);
        }
        if (n == 0) {
            break;
        }
        at += static_cast<std::size_t>(n);
    }
    out.resize(at);
    return std::optional{std::move(out)};
}

found_records record_file::load() {
    found_records out;
    const auto bytes = read();
    if (!bytes) {
        is_unreadable_ = true;
        out.complaint = bytes.error();
        return out;
    }
    if (!*bytes) {
        return out;
    }
    const std::string_view all{**bytes};
    if (!all.starts_with(heading)) {
        is_unreadable_ = true;
        out.complaint = {errc::io_error, "state_dir: " + path_ + "/" + file +
                                             " has no audit records that this version can read; "
                                             "it will be kept as " +
                                             aside};
        return out;
    }
    auto found = parse(all);
    end_ = found.end;
    since_ms_ = found.what.whole_since_ms;
    is_unreadable_ = found.is_damaged;
    out.is_intact = !found.is_damaged;
    out.what = std::move(found.what);
    if (found.is_damaged) {
        out.what.whole_since_ms = 0;
        out.complaint = {errc::io_error, "state_dir: " + path_ + "/" + file +
                                             " is damaged: some audit records are lost; it will "
                                             "be kept as " +
                                             aside};
    } else if (found.end < all.size()) {
        out.complaint = {errc::io_error, "state_dir: the last audit record in " + path_ + "/" +
                                             file + " was not written to its end; it is left out"};
    }
    return out;
}

result<void> record_file::append(const audit_history& what) {
    const auto bytes = frames_of(what, since_ms_);
    const os::unique_fd out{os::open_file_in(directory_, file, O_WRONLY | O_NONBLOCK)};
    is_gone_ = !out && errno == ENOENT;
    if (!out) {
        return refused("open", file, errno);
    }
    // What was not written to its end goes first.
    if (ftruncate(out.get(), static_cast<off_t>(end_)) != 0 || !write_at(out.get(), bytes, end_) ||
        fsync(out.get()) != 0) {
        const int why = errno;
        (void)!ftruncate(out.get(), static_cast<off_t>(end_));  // it takes room from others
        return refused("write", file, why);
    }
    end_ += bytes.size();
    since_ms_ = what.whole_since_ms;
    return {};
}

result<void> record_file::set_aside() const {
    if (unlinkat(directory_, aside.c_str(), 0) != 0 && errno != ENOENT) {
        return refused("remove", aside, errno);
    }
    // Not every file system has second names, and no directory has one.
    if (linkat(directory_, file.c_str(), directory_, aside.c_str(), 0) != 0 && errno != ENOENT &&
        renameat(directory_, file.c_str(), directory_, aside.c_str()) != 0) {
        return refused("create", aside, errno);
    }
    return {};
}

result<void> record_file::replace(const audit_history& all) {
    is_gone_ = false;
    if (is_unreadable_) {
        if (auto done = set_aside(); !done) {
            return done;
        }
    }
    const auto bytes = std::string{heading} + frames_of(all, all.whole_since_ms);
    if (const auto why = os::write_durably_in(directory_, file, file + ".new", bytes, 0600)) {
        return refused(why->step, why->path, why->code);
    }
    end_ = bytes.size();
    since_ms_ = all.whole_since_ms;
    is_unreadable_ = false;
    return {};
}

}  // namespace holdfast::runtime
