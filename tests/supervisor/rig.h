// What the supervisor's tests share: a running daemon with doubles for front and workers, whose control
// channel and workers' channels the test holds.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bpfrig/internal/v1/control.pb.h"
#include "common/fd.h"
#include "common/testing/temporary_directory.h"
#include "daemon/ipc/message_socket.h"
#include "tests/support/subprocess.h"

namespace bpfrig::tests {

inline constexpr std::chrono::seconds kPatience{10};

// A directory for one test's socket.
class SocketDirectory {
 public:
  [[nodiscard]] std::string SocketPath() const { return directory_ / "rig.sock"; }
  [[nodiscard]] std::string Address() const { return "unix:" + SocketPath(); }
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

 private:
  common::TemporaryDirectory directory_;
};

// The front's double, reached through the daemon's socket: its pid and its control channel.
class FrontHandle {
 public:
  // Connects and receives the channel. Fails the test if it cannot.
  explicit FrontHandle(const std::string& socket_path);

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] ipc::MessageSocket& control() { return *control_; }
  // Sends one of the double's commands, and waits for its answer, if it gives one.
  void Command(char command, bool answers = true);

  // Asks for a worker; returns the supervisor's answer, and the channel with it, if it has one.
  internal::v1::ControlReply Spawn(uint64_t number, common::Fd* channel = nullptr);
  void Kill(uint64_t number);
  // The next reply; fails the test if none comes.
  internal::v1::ControlReply Receive();
  // Whether the channel ends without another reply.
  bool EndsSilently();

 private:
  common::Fd connection_;
  std::optional<ipc::MessageSocket> control_;
  pid_t pid_ = -1;
};

// Sends one of the worker double's commands, and returns what it answers; empty if the channel ended.
std::string AskWorker(const common::Fd& channel, char command);
// The lines of a report that begin with `key` and a colon, without it.
std::vector<std::string> LinesOf(const std::string& report, const std::string& key);
// The first of them; empty if there is none.
std::string LineOf(const std::string& report, const std::string& key);
pid_t PidOf(const std::string& report);

// A descriptor that becomes readable when the process ends.
common::Fd OpenPidfd(pid_t pid);
// Whether `fd` becomes readable within kPatience.
bool BecomesReadable(const common::Fd& fd);

// Paths of the instance directories that exist now.
std::vector<std::string> InstanceDirectories();

// The daemon double's command line.
std::vector<std::string> DaemonCommand(const SocketDirectory& directory);

}  // namespace bpfrig::tests
