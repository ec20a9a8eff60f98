#include "daemon/doctor/socket_facts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/file.h"
#include "daemon/kernel_os/tcp_listener.h"
#include "daemon/kernel_os/unix_listener.h"
#include "daemon/supervisor/credential_files.h"
#include "daemon/supervisor/remote_options.h"

namespace bpfrig::doctor {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;
using base::WithHint;

absl::Status CheckWritable(const std::string& directory) {
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return absl::OkStatus();
  const bool read_only = errno == EROFS;
  return WithHint(ErrnoError(absl::StrCat("writing to ", directory)),
                  read_only ? "mount a tmpfs or a volume there, or choose another place with --listen"
                            : "let root own the directory, or add CAP_DAC_OVERRIDE");
}

absl::Status CheckDirectory(const std::string& directory, bool daemon_makes_it) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return CheckWritable(directory);
    return MakeError(Reason::kInvalidField, absl::StrCat(directory, " is not a directory"));
  }
  const absl::Status missing = ErrnoError(absl::StrCat("looking up the socket's directory ", directory));
  if (errno != ENOENT || !daemon_makes_it) return WithHint(missing, "make it first, with mode 0750");
  return CheckWritable(kernel_os::DirectoryOf(directory));
}

// Asks who listens at the path. A socket that nobody serves any more is not in the way.
absl::Status AskServer(const std::string& path, SocketFacts& facts) {
  const absl::StatusOr<kernel_os::SocketServer> server = kernel_os::FindServer(path);
  if (absl::IsAlreadyExists(server.status())) {
    return WithHint(server.status(), "remove it, or choose another place with --listen");
  }
  BPFRIG_RETURN_IF_ERROR(server.status());
  facts.served = server->served;
  facts.server = server->pid;
  return absl::OkStatus();
}

absl::Status Look(const supervisor::Options& options, SocketFacts& facts) {
  BPFRIG_ASSIGN_OR_RETURN(const std::string path, kernel_os::ParseUnixAddress(options.address));
  constexpr size_t kMaxBytes = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > kMaxBytes) {
    return MakeError(Reason::kInvalidField,
                     absl::StrCat("the socket's path is longer than ", kMaxBytes, " bytes: ", path));
  }
  BPFRIG_RETURN_IF_ERROR(
      CheckDirectory(kernel_os::DirectoryOf(path), options.address == supervisor::kDefaultAddress));
  return AskServer(path, facts);
}

absl::Status TryTcp(const supervisor::RemoteOptions& options) {
  BPFRIG_RETURN_IF_ERROR(supervisor::CheckRemoteOptions(options));
  if (options.address.empty()) return absl::OkStatus();
  BPFRIG_ASSIGN_OR_RETURN(supervisor::CredentialFiles files, supervisor::CredentialFiles::Open(options));
  BPFRIG_RETURN_IF_ERROR(files.Read().status());
  BPFRIG_ASSIGN_OR_RETURN(const kernel_os::TcpAddress address, kernel_os::ParseTcpAddress(options.address));
  return kernel_os::ListenTcp(address).status();
}

// A file's owner may give it to one of the owner's groups.
bool IsOwnGroup(gid_t group) {
  if (group == ::getegid()) return true;
  const int count = ::getgroups(0, nullptr);
  if (count <= 0) return false;
  std::vector<gid_t> groups(static_cast<size_t>(count));
  if (::getgroups(count, groups.data()) < 0) return false;
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace

SocketFacts LookAtSocket(const supervisor::Options& options) {
  SocketFacts facts;
  facts.address = options.address;
  facts.usable = Tried(Look(options, facts));
  facts.tcp_address = options.remote.address;
  facts.tcp = Tried(TryTcp(options.remote));
  if (options.group.empty()) return facts;
  const absl::StatusOr<gid_t> group = kernel_os::FindGroup(options.group);
  facts.group = Tried(group.status());
  facts.needs_chown = group.ok() && !IsOwnGroup(*group);
  return facts;
}

}  // namespace bpfrig::doctor
