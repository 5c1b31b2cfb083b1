#include "peer/state_dir.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "os/durable_file.hpp"
#include "os/unique_fd.hpp"

namespace holdfast::runtime {
namespace {

constexpr std::string_view heading = "holdfast epoch 1\n";

tl::unexpected<error> refused(const os::file_error& why) {
    return fail(errc::io_error, "state_dir: cannot " + std::string{why.step} + " " + why.path +
                                    ": " + std::strerror(why.code));
}
tl::unexpected<error> refused(const std::string& path, const char* step) {
    return refused({step, path, errno});
}

std::string path_in(const std::string& directory) { return directory + "/epoch"; }

}  // namespace

result<epoch> load_epoch(const std::string& directory) {
    if (mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
        return refused(directory, "create");
    }
    const auto path = path_in(directory);
    const os::unique_fd in{os::open_file(path, O_RDONLY)};
    if (!in) {
        return errno == ENOENT ? result<epoch>{epoch{}} : refused(path, "open");
    }
    char bytes[64];
    const auto size = read(in.get(), bytes, sizeof bytes);
    if (size < 0) {
        return refused(path, "read");
    }
    std::string_view text{bytes, static_cast<std::size_t>(size)};
    std::uint32_t value = 0;
    if (text.starts_with(heading)) {
        text.remove_prefix(heading.size());
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
        if (parsed.ec == std::errc{} &&
            std::string_view{parsed.ptr, text.data() + text.size()} == "\n") {
            return epoch{value};
        }
    }
    // Going on from 0 could give a token twice: a person must look.
    return fail(
        errc::bad_config,
        "state_dir: " + path +
            " is damaged; restore it, or remove it if every lock of the cluster may be forgotten");
}

result<void> store_epoch(const std::string& directory, epoch highest) {
    const auto path = path_in(directory);
    const auto text = std::string{heading} + std::to_string(highest.value) + "\n";
    if (const auto why = os::write_durably(directory, path, path + ".new", text, 0644)) {
        return refused(*why);
    }
    return {};
}

}  // namespace holdfast::runtime
