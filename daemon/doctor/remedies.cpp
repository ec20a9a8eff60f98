#include "daemon/doctor/remedies.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace bpfrig::doctor {

Lines CapabilityRemedies(const std::vector<std::string>& names) {
  std::vector<absl::string_view> short_names;  // as container tools write them
  for (const std::string& name : names) short_names.push_back(absl::StripPrefix(name, "CAP_"));
  const std::string list = absl::StrJoin(short_names, ", ");
  return {"on a machine: run as root", absl::StrCat("Docker, Compose: cap_add: [", list, "]"),
          absl::StrCat("Kubernetes: securityContext: {capabilities: {add: [", list, "]}}"),
          absl::StrCat("systemd: CapabilityBoundingSet= must have ", absl::StrJoin(names, " "))};
}

Lines SeccompRemedies(const std::vector<std::string>& calls) {
  return {absl::StrCat("Docker, Compose: security_opt: [\"seccomp=unconfined\"], or a profile that allows ",
                       calls.empty() ? "it" : absl::StrJoin(calls, ", ")),
          "Kubernetes: securityContext: {seccompProfile: {type: Unconfined}}",
          absl::StrCat("systemd: SystemCallFilter= must allow ",
                       calls.empty() ? "it" : absl::StrJoin(calls, " "))};
}

Lines AppArmorRemedies() {
  return {"Docker, Compose: security_opt: [\"apparmor=unconfined\"]",
          "Kubernetes: securityContext: {appArmorProfile: {type: Unconfined}}",
          "systemd: no AppArmorProfile="};
}

Lines SelinuxRemedies() {
  return {"Docker, Compose: security_opt: [\"label=disable\"]",
          "Kubernetes: securityContext: {seLinuxOptions: {type: spc_t}}",
          "on a machine: `ausearch -m avc` shows what was refused"};
}

Lines RootRemedies() {
  return {"on a machine: run as root", "Docker, Compose: user: root",
          "Kubernetes: securityContext: {runAsUser: 0}", "systemd: User=root, and no DynamicUser="};
}

Lines UserNamespaceRemedies() {
  return {"Docker, Compose: a Docker that is not rootless, and userns_mode: host if it maps users",
          "Kubernetes: hostUsers: true", "systemd: PrivateUsers=no"};
}

Lines MemlockRemedies() {
  return {"Docker, Compose: ulimits: {memlock: -1}", "systemd: LimitMEMLOCK=infinity",
          "elsewhere: ulimit -l unlimited, or CAP_SYS_RESOURCE"};
}

std::string NeededFor(absl::string_view purpose) { return absl::StrCat("needed for ", purpose); }

void Append(Lines& lines, const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); }

}  // namespace bpfrig::doctor
