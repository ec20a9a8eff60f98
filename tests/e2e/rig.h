// The built binaries as a user starts them: the test's own daemon, and clients that talk to it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/subprocess.h"

namespace bpfrig::tests {

// Long enough for a slow machine; a test that works never waits so long.
inline constexpr std::chrono::seconds kPatience{60};
// How long the daemon may take after a process was killed.
inline constexpr std::chrono::seconds kCleanUpLimit{5};

// The path of a built binary: "bpfrig", "bpfrigd", "bpfrigd-front".
[[nodiscard]] std::string Binary(const std::string& name);

// A file of the given text in the test's temporary folder, removed with it.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& text);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& Path() const { return path_; }

 private:
  std::string path_;
};

// The front of the daemon with that process; -1 if there is none.
[[nodiscard]] pid_t FrontOf(pid_t daemon);

// A daemon on its own unix socket, with no sandboxes ready unless the arguments say how many, serving when
// the constructor returns; ended by SIGTERM.
class Daemon {
 public:
  explicit Daemon(const std::vector<std::string>& arguments = {});
  // Started by a command that runs the one after it.
  struct Launcher {
    std::vector<std::string> command;
  };
  explicit Daemon(const Launcher& launcher, const std::vector<std::string>& arguments = {});
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  [[nodiscard]] pid_t Pid() const { return process_.Pid(); }
  // For --target.
  [[nodiscard]] std::string Target() const { return "unix:" + socket_; }
  // The pids of its workers, and of its front.
  [[nodiscard]] std::vector<pid_t> Workers() const { return WorkersBelow(Pid()); }
  [[nodiscard]] pid_t Front() const { return FrontOf(Pid()); }
  // Whether it logs the text within the limit.
  [[nodiscard]] bool WaitForOutput(const std::string& text, std::chrono::milliseconds limit) {
    return process_.WaitForOutput(text, limit);
  }
  // Waits for the daemon to end by itself.
  [[nodiscard]] Outcome Wait(std::chrono::milliseconds limit) { return process_.Wait(limit); }

  // Workers among the descendants of any process.
  [[nodiscard]] static std::vector<pid_t> WorkersBelow(pid_t pid);

 private:
  std::string socket_;
  Subprocess process_;
};

// `bpfrig run` without control runs, with the shipped objects' folder and further arguments.
[[nodiscard]] std::vector<std::string> RunCommand(const std::vector<std::string>& arguments);

// A plan that waits a minute for bytes which never come: something to kill things under.
[[nodiscard]] std::string WaitingPlan();

}  // namespace bpfrig::tests
