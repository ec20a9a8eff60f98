#include "daemon/doctor/left_sockets.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/kernel_os/unix_listener.h"

namespace bpfrig::doctor {
namespace {

namespace fs = std::filesystem;
using Kind = Leak::Kind;

// As `bpfrig` makes them for a daemon of its own: bpfrig- and six letters or digits.
bool IsPrivateDirectory(const fs::path& path) {
  constexpr absl::string_view kPrefix = "bpfrig-";
  constexpr size_t kRandomCharacters = 6;
  const std::string name = path.filename();
  return absl::StartsWith(name, kPrefix) && name.size() == kPrefix.size() + kRandomCharacters;
}

// Whether somebody serves the socket. Adds what is there.
bool AddSocket(const std::string& path, std::vector<Leak>& leaks) {
  const absl::StatusOr<kernel_os::SocketServer> server = kernel_os::FindServer(path);
  if (!server.ok()) {
    leaks.push_back({Kind::kUnseen, "socket", std::string(server.status().message()), {}});
    return false;
  }
  if (server->served) {
    const std::string by = server->pid == 0 ? "" : absl::StrCat(", by process ", server->pid);
    leaks.push_back({Kind::kUsed, "socket", absl::StrCat(path, ": is served", by), {}});
    return true;
  }
  std::error_code error;
  const char* const kRemoved = "the next daemon at this path replaces it";
  if (server->exists)
    leaks.push_back({Kind::kLeft, "socket", absl::StrCat(path, ": nobody serves it"), {kRemoved}});
  if (const std::string lock = absl::StrCat(path, ".lock"); fs::exists(lock, error)) {
    leaks.push_back({Kind::kLeft, "lock", absl::StrCat(lock, ": nobody serves its socket"), {kRemoved}});
  }
  return false;
}

}  // namespace

void AddSockets(const supervisor::Options& options, std::vector<Leak>& leaks) {
  std::set<std::string> paths;
  for (const std::string& address : {options.address, std::string(supervisor::kDefaultAddress)}) {
    if (const auto path = kernel_os::ParseUnixAddress(address); path.ok()) paths.insert(*path);
  }
  for (const std::string& path : paths) (void)AddSocket(path, leaks);

  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  for (const fs::directory_entry& entry : fs::directory_iterator(error ? "/tmp" : temporary, error)) {
    if (!IsPrivateDirectory(entry.path()) || !entry.is_directory(error)) continue;
    if (AddSocket(entry.path() / "socket", leaks)) continue;
    leaks.push_back({Kind::kLeft,
                     "directory",
                     absl::StrCat(entry.path().string(), ": of a daemon of `bpfrig`'s own that is gone"),
                     {}});
  }
}

}  // namespace bpfrig::doctor
