#include "daemon/doctor/rig_process.h"

#include <fcntl.h>

#include <csignal>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::doctor {
namespace {

namespace fs = std::filesystem;
using Role = RigProcess::Role;

std::string ReadOrEmpty(const fs::path& path) {
  return kernel_os::ReadSmallFile(AT_FDCWD, path, path.string()).value_or("");
}

absl::string_view FileName(absl::string_view path) { return path.substr(path.rfind('/') + 1); }

void LookAtDescriptors(const fs::path& directory, RigProcess& process) {
  std::error_code error;
  process.network_namespace = fs::read_symlink(directory / "ns/net", error).string();
  fs::directory_iterator descriptors;
  if (!error) descriptors = fs::directory_iterator(directory / "fdinfo", error);
  // It may end while it is looked at.
  if (error == std::errc::no_such_file_or_directory) return;
  if (error) {
    process.unseen = absl::StrCat(error.message(), " (needs CAP_SYS_PTRACE)");
    return;
  }
  for (const fs::directory_entry& entry : descriptors) CountDescriptor(ReadOrEmpty(entry.path()), process);
}

const char* NameOf(Role role) {
  switch (role) {
    case Role::kDaemon:
      return "bpfrigd";
    case Role::kFront:
      return "bpfrigd-front";
    case Role::kWorker:
      return "worker";
    case Role::kNone:
      break;
  }
  return "unknown program";
}

std::string Count(size_t count, absl::string_view what) {
  return absl::StrCat(count == 0 ? "no" : absl::StrCat(count), " ", what, count == 1 ? "" : "s");
}

}  // namespace

Role RoleOf(absl::string_view command_line) {
  const std::vector<absl::string_view> arguments = absl::StrSplit(command_line, '\0');
  const absl::string_view name = FileName(arguments.front());
  const absl::string_view mode = arguments.size() > 1 ? arguments[1] : "";
  if (name == "bpfrigd-front") return Role::kFront;
  if (name != "bpfrigd" || mode == "doctor" || mode == "trial") return Role::kNone;
  return mode == "worker" ? Role::kWorker : Role::kDaemon;
}

bool HasPendingKill(absl::string_view status) {
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    if (!absl::ConsumePrefix(&line, "SigPnd:") && !absl::ConsumePrefix(&line, "ShdPnd:")) continue;
    uint64_t pending = 0;
    if (!absl::SimpleHexAtoi(absl::StripAsciiWhitespace(line), &pending)) continue;
    if ((pending >> (SIGKILL - 1) & 1) != 0) return true;
  }
  return false;
}

void CountDescriptor(absl::string_view fdinfo, RigProcess& process) {
  for (const absl::string_view line : absl::StrSplit(fdinfo, '\n')) {
    // A link's has its program's id too, after its own; a prog array's map the type of its programs.
    if (absl::StartsWith(line, "link_id:")) return void(++process.links);
    if (absl::StartsWith(line, "map_id:")) return void(++process.maps);
    if (absl::StartsWith(line, "prog_id:")) return void(++process.programs);
  }
}

RigProcess LookAtProcess(pid_t pid) {
  const fs::path directory = absl::StrCat("/proc/", pid);
  RigProcess process;
  process.pid = pid;
  process.role = RoleOf(ReadOrEmpty(directory / "cmdline"));
  process.was_killed = HasPendingKill(ReadOrEmpty(directory / "status"));
  if (process.role != Role::kDaemon) LookAtDescriptors(directory, process);
  return process;
}

std::vector<RigProcess> FindRigProcesses() {
  std::vector<RigProcess> processes;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    if (RoleOf(ReadOrEmpty(entry.path() / "cmdline")) != Role::kNone) processes.push_back(LookAtProcess(pid));
  }
  return processes;
}

std::string Describe(const RigProcess& process) {
  std::string text = absl::StrCat(NameOf(process.role), ", process ", process.pid);
  if (process.was_killed) absl::StrAppend(&text, ": was killed and still runs in the kernel");
  if (process.role == Role::kDaemon) return text;
  if (!process.unseen.empty()) {
    return absl::StrCat(text, "; what it holds cannot be seen: ", process.unseen);
  }
  return absl::StrCat(text, "; ", Count(process.programs, "program"), ", ", Count(process.maps, "map"), ", ",
                      Count(process.links, "link"), "; ", process.network_namespace);
}

}  // namespace bpfrig::doctor
