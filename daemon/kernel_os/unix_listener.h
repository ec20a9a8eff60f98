// UnixListener: a listening unix socket that never takes over a living daemon's: a lock file next to it, held
// with flock, says who serves the path. Owned by the supervisor, which passes the socket to the front.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

// "unix:/run/x.sock" and "unix:///run/x.sock" are /run/x.sock. An error for anything else.
[[nodiscard]] absl::StatusOr<std::string> ParseUnixAddress(absl::string_view address);

// The number of the group: looked up by name, or `group` itself if that is a number.
[[nodiscard]] absl::StatusOr<gid_t> FindGroup(const std::string& name);

// What is at a socket's path.
struct SocketServer {
  // Whether there is a socket at all.
  bool exists = false;
  bool served = false;
  // The process that serves it, if it can be seen from here; else 0.
  pid_t pid = 0;
};

// Asks who listens there, without waiting. ALREADY_EXISTS if there is something else than a socket at the
// path.
[[nodiscard]] absl::StatusOr<SocketServer> FindServer(const std::string& path);

// Tells a file from another that took its path.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
};

class UnixListener {
 public:
  // Locks, removes a socket that nobody serves any more, binds (0660, owned by `group` if given) and listens.
  static absl::StatusOr<UnixListener> Listen(const std::string& path, std::optional<gid_t> group);
  // Closes if Close has not.
  ~UnixListener();

  UnixListener(UnixListener&&) = default;
  UnixListener& operator=(UnixListener&&) = delete;

  [[nodiscard]] int Get() const { return socket_.Get(); }

  // Removes socket and lock file, unless somebody has put others in their places. A second call does nothing.
  [[nodiscard]] absl::Status Close();

 private:
  UnixListener(std::string path, common::Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  [[nodiscard]] absl::Status Bind();

  std::string path_;
  common::Fd lock_;    // of the lock file; open as long as there is something to remove
  common::Fd socket_;  // open once we own the path
  FileId bound_;       // the socket's file
};

// RuntimeDirectory: the directory for a socket. Made if it is missing, and then removed at the end.
class RuntimeDirectory {
 public:
  // Makes `path` (0750, owned by `group` if given) unless it is there.
  static absl::StatusOr<RuntimeDirectory> Ensure(const std::string& path, std::optional<gid_t> group);
  // Takes over one that is there and will be removed at the end.
  static RuntimeDirectory TakeOver(const std::string& path) { return RuntimeDirectory(path); }
  // One that was not made and will not be removed.
  RuntimeDirectory() = default;
  ~RuntimeDirectory();

  RuntimeDirectory(RuntimeDirectory&& other) noexcept : path_(std::exchange(other.path_, std::string())) {}
  RuntimeDirectory& operator=(RuntimeDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }

 private:
  explicit RuntimeDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;  // what to remove, or empty
};

}  // namespace bpfrig::kernel_os
