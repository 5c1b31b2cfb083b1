// The gate of a file that many processes write: what it has let in is kept beside the file, and
// outlives them all.
//
// Needs no peer: link holdfast-gate alone.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <holdfast/export.hpp>
#include <holdfast/gate.hpp>
#include <holdfast/token.hpp>

namespace holdfast {

/// Guards the file `path`. Every writer names it by this same path, and every access of it is under
/// one lock.
///
/// Beside it are `path.gate`, the marks; `path.gate.lock`, which stays empty; and for a moment
/// `path.gate.new`. Writers need the right to write in the directory. Who removes `path.gate` lets
/// every token in again; so does a backup without it. Who removes `path.gate.lock` lets two in at
/// once.
///
/// Threads and processes: any may call, through this object or another one for the same path. They
/// take turns by flock(2), so who is stopped in the midst of a call keeps the others waiting, and
/// no one gets in between. That is true of the file systems of one machine. A network file system
/// may give the turn to another while a client is cut off: use it only if whatever that client
/// still sends is then refused.
///
/// Crashes: the marks are on the disk before what they let in can be seen. Whenever the process is
/// killed or the power is cut, `path` has all of the content before or all of the new, and what is
/// older than the new content is refused afterwards:
///
/// | the crash comes | the file | the marks | then |
/// | --- | --- | --- | --- |
/// | before the marks are in place | old | old | nothing has happened |
/// | before the file is in place | old | new | older tokens are refused; this one or a newer writes
/// again | | before the last sync | new; after a power cut maybe old | new | as above, for a power
/// cut | | later | new | new | it is written |
class HOLDFAST_EXPORT file_gate {
public:
    enum class answer {
        done,  ///< let in, and what it was let in for is done
        /// a newer token that conflicts has been let in, or this one is nil; nothing was changed
        refused,
        /// `path.gate` is not as a gate writes it; nobody is let in until a person has looked
        damaged,
        failed,  ///< the system refused, in the words of the text; see `write` and `run`
    };
    struct outcome {
        answer is{};
        std::string text;  ///< what went wrong, and with which file; empty when it is done

        explicit operator bool() const { return is == answer::done; }
    };

    explicit file_gate(std::string path);

    /// Replaces the content of the file if `t` may pass, as `gate::admit` says. Done: it is on the
    /// disk. `failed`: the file has the old content or all of the new, and the same write may be
    /// tried again. The file keeps its permissions; it gets another inode, so who has it open goes
    /// on reading the old content.
    [[nodiscard]] outcome write(token t, std::string_view content,
                                access how = access::exclusive) const;

    /// Runs `action` if `t` may pass, and lets no other access in meanwhile. Done: it was run.
    /// Otherwise it was not. What it does to the file is its own affair: it may leave half of it
    /// when it dies, and who comes next sees that. Throws what `action` throws; `t` has been let in
    /// then.
    [[nodiscard]] outcome run(token t, access how, const std::function<void()>& action) const;
    [[nodiscard]] outcome run(token t, const std::function<void()>& action) const {
        return run(t, access::exclusive, action);
    }

private:
    outcome enter(token t, access how, const std::function<outcome()>& action) const;
    outcome replace(const std::string& path, std::string_view content) const;
    outcome sync_names() const;

    std::string path_;
};

}  // namespace holdfast
