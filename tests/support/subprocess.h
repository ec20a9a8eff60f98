// Subprocess: a program that a test started, its output, and how it ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace bpfrig::tests {

// How a program ended.
struct Outcome {
  // The exit status; -1 if a signal or the deadline ended it.
  int status = -1;
  // The signal that ended it, or 0.
  int signal = 0;
  // Whether it was killed at the deadline.
  bool timed_out = false;
  // What it wrote to stdout and stderr.
  std::string output;
};

class Subprocess {
 public:
  // Starts argv[0], its stdout and stderr joined into one pipe. Aborts if it cannot.
  static Subprocess Start(const std::vector<std::string>& argv);
  // Kills (by pid) and reaps what still runs.
  ~Subprocess();

  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&&) = delete;
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  [[nodiscard]] pid_t Pid() const { return pid_; }
  // Reads until the output has `text`, the program ends or `limit` is over; whether it was seen.
  [[nodiscard]] bool WaitForOutput(const std::string& text, std::chrono::milliseconds limit);
  // What it has written so far.
  [[nodiscard]] const std::string& Output();
  void Signal(int signal) const;
  // Waits for the end, killing it after `limit`.
  [[nodiscard]] Outcome Wait(std::chrono::milliseconds limit);

 private:
  Subprocess(pid_t pid, int output) : pid_(pid), output_fd_(output) {}
  // Reads once, waiting up to `limit`; false at the end of the output or of the time.
  bool ReadSome(std::chrono::milliseconds limit);

  pid_t pid_ = -1;
  int output_fd_ = -1;
  std::string output_;
};

// Starts, waits, returns.
[[nodiscard]] Outcome RunToEnd(const std::vector<std::string>& argv,
                               std::chrono::milliseconds limit = std::chrono::minutes(10));

// The children of a process, and their descendants.
[[nodiscard]] std::vector<pid_t> DescendantsOf(pid_t pid);
// A process's name as the kernel has it, and its command line with spaces; empty if it is gone.
[[nodiscard]] std::string CommandLineOf(pid_t pid);
// The value of a line of /proc/PID/status, such as "CapEff"; empty if it is not there.
[[nodiscard]] std::string StatusField(pid_t pid, const std::string& name);

}  // namespace bpfrig::tests
