// The gate of a file that many processes write. What it has let in is kept beside the file and
// outlives all of them.
//
// It needs no peer.
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
/// Beside the file are `path.gate` (the marks), `path.gate.lock` (always empty) and for a moment
/// `path.gate.new`. Writers need the right to write in the directory.
///
/// - A symbolic link with one of these names is not followed. For the marks and the lock that is an
///   error (`failed`).
/// - Removing `path.gate` lets every token in again. So does a backup without it.
/// - Removing `path.gate.lock` lets two accesses in at once.
/// - Threads and processes: any may call, through this object or another one for the same path.
///   They take turns by flock(2), so a process that is stopped within a call keeps the others
///   waiting.
/// - File systems: the turns are kept on file systems of one machine. A network file system may
///   give the turn to another client while one is cut off: use it only if it then refuses whatever
///   the first one still sends.
/// - Crashes: the marks are on the disk before what they let in can be seen. Whenever the process
///   is killed or the power is cut, `path` has all of the old content or all of the new, and tokens
///   older than the new content are refused afterwards:
///
///   1. before the marks are in place: file and marks are old, and nothing has happened;
///   2. before the file is in place: the file is old and the marks are new, so older tokens are
///      refused, and this token or a newer one can write again;
///   3. before the last sync: file and marks are new; after a power cut the file may be old, as
///      in 2;
///   4. later: file and marks are new, and it is written.
class HOLDFAST_EXPORT file_gate {
public:
    enum class answer {
        done,  ///< the token was let in, and its action is done
        /// A newer conflicting token was let in before, or this one is nil. Nothing was changed.
        refused,
        /// `path.gate` is not as a gate writes it. Nothing is let in until a person has looked.
        damaged,
        failed,  ///< the operating system refused; the text says why; see `write` and `run`
    };
    struct outcome {
        answer is{};
        std::string text;  ///< what went wrong, and with which file; empty when done

        explicit operator bool() const { return is == answer::done; }
    };

    explicit file_gate(std::string path);

    /// Replaces the content of the file if `t` may pass, as `gate::admit` says.
    ///
    /// - `done`: the new content is on the disk.
    /// - `failed`: the file has all of the old content or all of the new, and the same write may be
    ///   tried again.
    /// - The file keeps its permissions and gets another inode: a process that has it open goes on
    ///   reading the old content.
    [[nodiscard]] outcome write(token t, std::string_view content,
                                access how = access::exclusive) const;

    /// Runs `action` if `t` may pass, and lets no other access in meanwhile.
    ///
    /// - `done`: it was run. With any other answer it was not.
    /// - An action that dies may leave the file half written, and the next one sees that.
    /// - Throws what `action` throws; `t` has been let in then.
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
