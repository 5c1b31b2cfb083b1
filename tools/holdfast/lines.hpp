// What is printed, in a way that no reader can stop the program.
//
// A pipe is full and a terminal stands still when its reader stops. Who holds a lock must not wait
// for that, and neither must the end of the process. So a thread writes, and no other waits for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace holdfast_tool {

/// Any thread may call. While 1024 texts wait, later ones are lost; once it is read again, a line
/// says how many they were.
class line_writer {
public:
    explicit line_writer(int to);
    ~line_writer();  ///< what is not written yet is lost
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;

    /// Never waits. `text` has its line ends.
    void put(std::string text);
    /// Waits until all of it is written, or for `stop`. False when it was not written.
    [[nodiscard]] bool write(std::string text, const std::stop_token& stop);
    /// Waits until nothing is left to be written, but no longer than so.
    void finish(std::chrono::milliseconds patience);

    static constexpr std::size_t most_waiting = 1024;

private:
    struct queue;
    void start_thread();

    // Outlives the writer where the thread cannot end because its descriptor is not read.
    std::shared_ptr<queue> queue_;
};

/// Standard output and standard error of this process. They are never destroyed.
line_writer& standard_output();
line_writer& standard_error();

/// One line on standard error, after `holdfast: `, with what others chose escaped. Never waits.
void log_line(const std::string& text);

/// What a question prints for people.
class page {
public:
    /// One line: what others chose in it is escaped.
    void line(const char* format, ...) __attribute__((format(printf, 2, 3)));
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

}  // namespace holdfast_tool
