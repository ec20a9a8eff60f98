#include "daemon/kernel_os/unix_listener.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::kernel_os {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;
using base::WithHint;

std::string LockPath(const std::string& path) { return absl::StrCat(path, ".lock"); }

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return MakeError(Reason::kInvalidField, absl::StrCat("the socket's path is longer than ",
                                                         sizeof(address.sun_path) - 1, " bytes: ", path));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

absl::Status CheckDirectory(const std::string& path) {
  const std::string directory = DirectoryOf(path);
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    return WithHint(ErrnoError(absl::StrCat("looking up the socket's directory ", directory)),
                    "make it first, with mode 0750");
  }
  if (S_ISDIR(info.st_mode)) return absl::OkStatus();
  return MakeError(Reason::kInvalidField, absl::StrCat(directory, " is not a directory"));
}

// Whether the path, which may be a link, still stands for that file; errno is ENOENT if it stands for none.
bool StandsFor(const std::string& path, const FileId& id) {
  struct stat named {};
  errno = 0;
  return ::lstat(path.c_str(), &named) == 0 && named.st_ino == id.inode && named.st_dev == id.device;
}

absl::StatusOr<FileId> IdOf(const common::Fd& file, const std::string& path) {
  struct stat info {};
  if (::fstat(file.Get(), &info) != 0) return ErrnoError(absl::StrCat("reading ", path));
  return FileId{.device = info.st_dev, .inode = info.st_ino};
}

// Removes the file that we made, and no other.
absl::Status RemoveOwn(const std::string& path, const FileId& id) {
  if (!StandsFor(path, id)) {
    if (errno != ENOENT) base::LogWarning(absl::StrCat("leaving ", path, " alone: it is not ours any more"));
    return absl::OkStatus();
  }
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return ErrnoError(absl::StrCat("removing ", path));
}

// Takes the lock file. A daemon that ends removes its lock file while it holds it: then we locked a file that
// the path no longer stands for, and try again.
absl::StatusOr<common::Fd> Lock(const std::string& path) {
  const std::string lock_path = LockPath(path);
  while (true) {
    common::Fd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock.IsOpen()) return ErrnoError(absl::StrCat("opening ", lock_path));
    if (::flock(lock.Get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return ErrnoError(absl::StrCat("locking ", lock_path));
      return MakeError(Reason::kDuplicateName, absl::StrCat("another bpfrigd serves unix:", path));
    }
    BPFRIG_ASSIGN_OR_RETURN(const FileId locked, IdOf(lock, lock_path));
    if (StandsFor(lock_path, locked)) return lock;
  }
}

absl::StatusOr<common::Fd> MakeSocket(int flags) {
  common::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket.IsOpen()) return ErrnoError("making a socket");
  return socket;
}

// Removes a socket that a dead daemon left; refuses if the path is something else, or somebody answers there.
absl::Status RemoveStale(const std::string& path) {
  BPFRIG_ASSIGN_OR_RETURN(const SocketServer server, FindServer(path));
  if (server.served) {
    return MakeError(Reason::kDuplicateName, absl::StrCat("another program serves unix:", path));
  }
  if (server.exists && ::unlink(path.c_str()) != 0) return ErrnoError(absl::StrCat("removing ", path));
  return absl::OkStatus();
}

// The socket's mode is never wider than wanted, not even for a moment. The umask belongs to the process:
// single-threaded callers only.
absl::Status BindUnseen(int socket, const std::string& path, const sockaddr_un& address) {
  const mode_t before = ::umask(0117);
  const int result = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const absl::Status status =
      result == 0 ? absl::OkStatus() : ErrnoError(absl::StrCat("binding unix:", path));
  ::umask(before);
  return status;
}

absl::Status GiveToGroup(const std::string& path, std::optional<gid_t> group) {
  if (!group.has_value()) return absl::OkStatus();
  if (::lchown(path.c_str(), static_cast<uid_t>(-1), *group) == 0) return absl::OkStatus();
  return WithHint(ErrnoError(absl::StrCat("giving ", path, " to group ", *group)), "needs CAP_CHOWN");
}

}  // namespace

absl::StatusOr<std::string> ParseUnixAddress(absl::string_view address) {
  absl::string_view path = address;
  if (!absl::ConsumePrefix(&path, "unix:") || path.empty()) {
    return MakeError(Reason::kInvalidField,
                     absl::StrCat("\"", address, "\" is not an address to listen at: write unix:PATH"));
  }
  absl::ConsumePrefix(&path, "//");
  return std::string(path);
}

absl::StatusOr<gid_t> FindGroup(const std::string& name) {
  if (const group* found = ::getgrnam(name.c_str())) return found->gr_gid;
  // In a container, a group of the machine has no name.
  if (gid_t number = 0; absl::SimpleAtoi(name, &number)) return number;
  return MakeError(Reason::kUnknownName, absl::StrCat("there is no group ", name));
}

absl::StatusOr<SocketServer> FindServer(const std::string& path) {
  BPFRIG_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return SocketServer();
    return ErrnoError(absl::StrCat("looking up ", path));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return MakeError(Reason::kDuplicateName, absl::StrCat(path, " exists and is not a socket"));
  }
  SocketServer server{.exists = true, .served = false, .pid = 0};
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd probe, MakeSocket(SOCK_NONBLOCK));
  if (::connect(probe.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    server.served = true;
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(probe.Get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) server.pid = peer.pid;
    return server;
  }
  // EAGAIN: its queue is full, so somebody serves it, if slowly.
  server.served = errno == EAGAIN;
  // Gone in the meantime.
  server.exists = errno != ENOENT;
  if (server.served || errno == ECONNREFUSED || errno == ENOENT) return server;
  return ErrnoError(absl::StrCat("finding out whether somebody serves unix:", path));
}

absl::StatusOr<UnixListener> UnixListener::Listen(const std::string& path, std::optional<gid_t> group) {
  BPFRIG_RETURN_IF_ERROR(AddressOf(path).status());
  BPFRIG_RETURN_IF_ERROR(CheckDirectory(path));
  BPFRIG_ASSIGN_OR_RETURN(common::Fd lock, Lock(path));
  UnixListener listener(path, std::move(lock));
  BPFRIG_RETURN_IF_ERROR(RemoveStale(path));
  BPFRIG_RETURN_IF_ERROR(listener.Bind());
  BPFRIG_RETURN_IF_ERROR(GiveToGroup(path, group));
  if (::listen(listener.socket_.Get(), SOMAXCONN) != 0)
    return ErrnoError(absl::StrCat("listening at unix:", path));
  return listener;
}

absl::Status UnixListener::Bind() {
  BPFRIG_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path_));
  BPFRIG_ASSIGN_OR_RETURN(common::Fd socket, MakeSocket(0));
  BPFRIG_RETURN_IF_ERROR(BindUnseen(socket.Get(), path_, address));
  // The socket's own descriptor has another inode than the file that was made for it.
  struct stat made {};
  if (::lstat(path_.c_str(), &made) != 0) return ErrnoError(absl::StrCat("looking up ", path_));
  bound_ = FileId{.device = made.st_dev, .inode = made.st_ino};
  socket_ = std::move(socket);
  return absl::OkStatus();
}

UnixListener::~UnixListener() {
  const absl::Status status = Close();
  if (!status.ok()) base::LogError(status.message());
}

absl::Status UnixListener::Close() {
  if (!lock_.IsOpen()) return absl::OkStatus();
  absl::Status status;
  if (socket_.IsOpen()) status = RemoveOwn(path_, bound_);
  // The lock file goes last: until then nobody else may bind the path.
  const absl::StatusOr<FileId> locked = IdOf(lock_, LockPath(path_));
  status.Update(locked.ok() ? RemoveOwn(LockPath(path_), *locked) : locked.status());
  socket_.Close();
  lock_.Close();
  return status;
}

absl::StatusOr<RuntimeDirectory> RuntimeDirectory::Ensure(const std::string& path,
                                                          std::optional<gid_t> group) {
  if (::mkdir(path.c_str(), 0750) != 0) {
    if (errno == EEXIST) return RuntimeDirectory();
    return ErrnoError(absl::StrCat("making ", path));
  }
  RuntimeDirectory made(path);
  BPFRIG_RETURN_IF_ERROR(GiveToGroup(path, group));
  // Once more, because the umask may have removed the group's bits.
  if (::chmod(path.c_str(), 0750) != 0) return ErrnoError(absl::StrCat("setting the mode of ", path));
  return made;
}

RuntimeDirectory::~RuntimeDirectory() {
  // A directory with somebody else's files stays: they may remove it.
  if (!path_.empty() && ::rmdir(path_.c_str()) != 0 && errno != ENOTEMPTY && errno != ENOENT) {
    base::LogWarning(ErrnoError(absl::StrCat("removing ", path_)).message());
  }
}

}  // namespace bpfrig::kernel_os
