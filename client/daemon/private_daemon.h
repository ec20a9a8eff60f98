// This run's own daemon, on a unix socket in its own directory: started before there is any thread, ended
// when the run is over. If the client dies without a word, the daemon sees its lifeline close and leaves.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fd.h"

namespace bpfrig::client::daemon {

struct PrivateDaemonOptions {
  // Empty: `bpfrigd` next to this executable, then in PATH.
  std::string executable;
  bool no_perfmon = false;
  // Go to it as --allow-load.
  std::vector<std::string> allow_load;
  // Its log goes to our stderr instead of being kept.
  bool verbose = false;
};

class PrivateDaemon {
 public:
  // Returns when it serves. `stop_fd` becomes readable when the wait must be given up.
  [[nodiscard]] static absl::StatusOr<PrivateDaemon> Start(const PrivateDaemonOptions& options, int stop_fd);
  ~PrivateDaemon();
  PrivateDaemon(PrivateDaemon&& other) noexcept;
  PrivateDaemon& operator=(PrivateDaemon&& other) noexcept;

  // "unix:/tmp/bpfrig-x/socket".
  [[nodiscard]] std::string target() const { return "unix:" + socket_; }
  // The file that it was started from.
  [[nodiscard]] const std::string& executable() const { return executable_; }
  // The last lines of its log; empty if it went to stderr.
  [[nodiscard]] std::string LogTail() const;
  // Ends it and waits for that. An error if it had to be killed or failed.
  [[nodiscard]] absl::Status Close();

 private:
  // For an error: "; its log ends: ...".
  [[nodiscard]] std::string DescribeLog() const;
  PrivateDaemon() = default;

  absl::Status MakeDirectory();
  absl::Status Spawn(const PrivateDaemonOptions& options, int ready_fd, int lifeline_fd);
  absl::Status WaitUntilReady(int ready_fd, int stop_fd);
  // True if it exited in time; `status_` is set then.
  bool WaitForExit(std::chrono::milliseconds timeout);
  void RemoveDirectory();
  std::string DescribeExit() const;

  std::string executable_;
  std::string directory_;
  std::string socket_;
  pid_t pid_ = -1;
  int status_ = 0;
  common::Fd process_;
  // The writing end; closing it ends the daemon.
  common::Fd lifeline_;
  // What it writes to stderr.
  common::Fd log_;
};

}  // namespace bpfrig::client::daemon
