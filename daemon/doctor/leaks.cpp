#include "daemon/doctor/leaks.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/doctor/left_cgroups.h"
#include "daemon/doctor/left_sockets.h"
#include "daemon/doctor/rig_process.h"

namespace bpfrig::doctor {
namespace {

using Kind = Leak::Kind;
using Role = RigProcess::Role;

const char* Label(Kind kind) {
  switch (kind) {
    case Kind::kUsed:
      return "used";
    case Kind::kLeft:
      return "left";
    case Kind::kUnseen:
      return "skip";
  }
  return "";
}

// Workers and fronts are in their daemon's cgroup, and told of with it.
void AddProcesses(const std::set<pid_t>& told, std::vector<Leak>& leaks) {
  for (const RigProcess& process : FindRigProcesses()) {
    if (told.count(process.pid) != 0) continue;
    const bool is_daemon = process.role == Role::kDaemon && !process.was_killed;
    leaks.push_back({is_daemon ? Kind::kUsed : Kind::kLeft, "process", Describe(process), {}});
  }
}

}  // namespace

std::vector<Leak> FindLeaks(const supervisor::Options& options) {
  std::vector<Leak> leaks;
  std::set<pid_t> told;
  AddCgroups(leaks, told);
  AddProcesses(told, leaks);
  AddSockets(options, leaks);
  return leaks;
}

std::string FormatLeaks(const std::vector<Leak>& leaks) {
  std::string text;
  for (const Leak& leak : leaks) {
    absl::StrAppendFormat(&text, "%s  %-10s  %s\n", Label(leak.kind), leak.name, leak.found);
    for (const std::string& line : leak.lines) absl::StrAppend(&text, "        ", line, "\n");
  }
  const auto left =
      std::count_if(leaks.begin(), leaks.end(), [](const Leak& leak) { return leak.kind == Kind::kLeft; });
  if (left == 0) return absl::StrCat(text, "nothing is left behind\n");
  return absl::StrCat(text, left, left == 1 ? " thing is" : " things are", " left behind\n");
}

int RunLeaks(const supervisor::Options& options) {
  const std::vector<Leak> leaks = FindLeaks(options);
  std::fputs(FormatLeaks(leaks).c_str(), stdout);
  return std::any_of(leaks.begin(), leaks.end(), [](const Leak& leak) { return leak.kind == Kind::kLeft; })
             ? 1
             : 0;
}

}  // namespace bpfrig::doctor
