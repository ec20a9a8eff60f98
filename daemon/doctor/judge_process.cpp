// What the process is and may do: its user, its capabilities, and what may refuse in spite of them.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/doctor/blame.h"
#include "daemon/doctor/judge.h"
#include "daemon/doctor/proc_text.h"
#include "daemon/doctor/remedies.h"

namespace bpfrig::doctor {
namespace {

using kernel_os::CapabilityName;
using kernel_os::CapabilityNeed;

Finding JudgeUser(const Facts& facts) {
  Finding finding{.verdict = Verdict::kOk, .name = "user", .found = "root", .lines = {}};
  if (facts.uid == 0) return finding;
  finding.found = absl::StrCat("not root: user id ", facts.uid);
  const bool has_all = std::all_of(facts.needs.begin(), facts.needs.end(), [&](const CapabilityNeed& need) {
    return facts.capabilities.Has(need.capability);
  });
  finding.verdict = has_all ? Verdict::kWarn : Verdict::kFail;
  if (has_all) {
    absl::StrAppend(&finding.found, ", with all capabilities; the daemon is tested only as root");
    return finding;
  }
  finding.lines = {NeededFor("having the capabilities below")};
  Append(finding.lines, RootRemedies());
  return finding;
}

Finding JudgeUserNamespace(const Facts& facts) {
  Finding finding{
      .verdict = Verdict::kOk, .name = "user namespace", .found = "the machine's own", .lines = {}};
  if (facts.machine_user_namespace) return finding;
  finding.verdict = Verdict::kFail;
  finding.found =
      "not the machine's own (rootless or user-mapped): the kernel refuses BPF in it, whatever the "
      "capabilities";
  finding.lines = {NeededFor("loading BPF programs")};
  Append(finding.lines, UserNamespaceRemedies());
  return finding;
}

std::string Describe(const std::vector<IdRange>& ranges) {
  std::vector<std::string> texts;
  for (const IdRange& range : ranges) {
    texts.push_back(range.first == range.last ? absl::StrCat(range.first)
                                              : absl::StrCat(range.first, " to ", range.last));
  }
  return texts.empty() ? "none" : absl::StrJoin(texts, ", ");
}

// From the middle of a range, far from the system's users and from nobody; 0 if there is no room.
uint64_t ChooseUidBase(const Facts& facts) {
  for (const IdRange& range : facts.uids) {
    const uint64_t count = facts.uid_count;
    const uint64_t base = (range.first + range.last) / 2 / count * count;
    if (base == 0 || base < range.first) continue;
    if (Covers(facts.uids, base, base + count - 1) && Covers(facts.gids, base, base + count - 1)) return base;
  }
  return 0;
}

Finding JudgeUserIds(const Facts& facts) {
  const uint64_t last = uint64_t{facts.first_uid} + facts.uid_count - 1;
  const std::string wanted = absl::StrCat(facts.first_uid, " to ", last);
  Finding finding{
      .verdict = Verdict::kOk, .name = "user ids", .found = absl::StrCat(wanted, " exist"), .lines = {}};
  if (HasUserIds(facts)) return finding;
  finding.verdict = Verdict::kFail;
  finding.lines = {NeededFor("giving each process its own user")};
  if (!facts.uid_base.Worked()) {
    finding.found = facts.uid_base.message;
    return finding;
  }
  finding.found = absl::StrCat(wanted, " do not exist here, only ", Describe(facts.uids));
  const uint64_t base = ChooseUidBase(facts);
  finding.lines.push_back(base != 0 ? absl::StrCat("start the daemon with --uid-base ", base)
                                    : "map more ids into the container (/etc/subuid, /etc/subgid)");
  return finding;
}

// Capabilities that only some places need: those that are needed here and missing.
std::vector<CapabilityNeed> MoreNeeds(const Facts& facts) {
  std::vector<CapabilityNeed> needs;
  const auto add_missing = [&](int capability, absl::string_view purpose) {
    if (!facts.capabilities.Has(capability)) needs.push_back({.capability = capability, .purpose = purpose});
  };
  if (NeedsDacOverride(facts)) {
    add_missing(CAP_DAC_OVERRIDE, "making cgroups in a directory that root may not write");
  }
  if (facts.socket.needs_chown) add_missing(CAP_CHOWN, "giving the socket to the --group");
  return needs;
}

Finding JudgeCapability(const Facts& facts, const CapabilityNeed& need) {
  const std::string name = CapabilityName(need.capability);
  Finding finding{
      .verdict = Verdict::kOk, .name = name, .found = absl::StrCat("for ", need.purpose), .lines = {}};
  if (facts.capabilities.Has(need.capability)) return finding;
  if (facts.uid != 0 && facts.bounding.Has(need.capability)) return Skip(name, "root would have it here");
  finding.verdict = Verdict::kFail;
  finding.found = "missing";
  finding.lines = {NeededFor(need.purpose)};
  if (need.capability > facts.last_capability) {
    finding.found = "this kernel does not know it";
    finding.lines.emplace_back("Linux 5.8 or newer");
  }
  return finding;
}

// How to grant them stands once, below the last missing one: one line for all of them, ready to copy.
void JudgeCapabilities(const Facts& facts, std::vector<Finding>& findings) {
  std::vector<CapabilityNeed> needs = facts.needs;
  const std::vector<CapabilityNeed> more = MoreNeeds(facts);
  needs.insert(needs.end(), more.begin(), more.end());
  std::vector<std::string> missing;
  size_t last = 0;
  for (const CapabilityNeed& need : needs) {
    findings.push_back(JudgeCapability(facts, need));
    if (findings.back().verdict != Verdict::kFail || need.capability > facts.last_capability) continue;
    missing.push_back(findings.back().name);
    last = findings.size() - 1;
  }
  if (!missing.empty()) Append(findings[last].lines, CapabilityRemedies(missing));
}

bool IsNeeded(const Facts& facts, const SystemCall& call) {
  if (call.name == "pidfd_open") return !facts.has_cgroup_kill;
  // The daemon makes its own mount only if no other place takes cgroups.
  if (call.name == "fsopen" || call.name == "fsconfig" || call.name == "fsmount") {
    return std::none_of(facts.cgroup_tries.begin(), facts.cgroup_tries.end(), [](const CgroupTry& attempt) {
      return attempt.claimed.Worked() && !attempt.own_mount;
    });
  }
  return true;
}

struct CallLists {
  std::vector<std::string> unknown;   // to the kernel
  std::vector<std::string> refused;   // by a filter
  std::vector<std::string> details;   // of those refused: with the error
  std::vector<std::string> harmless;  // refused, and not needed
  std::vector<std::string> untold;    // a capability is missing
  std::string error;                  // of the first that was refused
};

CallLists SortCalls(const Facts& facts) {
  CallLists lists;
  for (const SystemCall& call : facts.calls) {
    if (call.refusal.empty()) continue;
    if (!IsRefused(facts, call)) {
      lists.untold.push_back(call.name);
    } else if (!IsNeeded(facts, call)) {
      lists.harmless.push_back(call.name);
    } else if (call.refusal == "ENOSYS" && IsOlder(facts.release, call.since)) {
      lists.unknown.push_back(absl::StrCat(call.name, " (from Linux ", call.since, ")"));
    } else {
      lists.refused.push_back(call.name);
      lists.details.push_back(absl::StrCat(call.name, " (", call.refusal, ")"));
      if (lists.error.empty()) lists.error = call.refusal;
    }
  }
  return lists;
}

Finding JudgeFilter(const Facts& facts, const CallLists& lists) {
  Finding finding{.verdict = Verdict::kOk, .name = "seccomp", .found = "no filter", .lines = {}};
  if (!facts.seccomp_filter) return finding;
  if (!lists.refused.empty()) {
    finding.verdict = Verdict::kFail;
    finding.found = absl::StrCat("the seccomp filter refuses ", absl::StrJoin(lists.details, ", "));
    finding.lines = {NeededFor("making sandboxes and loading BPF programs")};
    Append(finding.lines, SeccompRemedies(lists.refused));
  } else if (!lists.untold.empty()) {
    return Skip("seccomp",
                absl::StrCat("a filter is active; whether it allows ", absl::StrJoin(lists.untold, ", "),
                             " shows when the capabilities are there"));
  } else if (!lists.harmless.empty()) {
    finding.found = absl::StrCat("a filter is active; it refuses ", absl::StrJoin(lists.harmless, ", "),
                                 ", not needed here");
  } else {
    finding.found = "a filter is active, and lets through what the daemon needs";
  }
  return finding;
}

// Calls that are refused although nothing filters them.
void JudgeUnfilteredCalls(const Facts& facts, const CallLists& lists, std::vector<Finding>& findings) {
  Finding finding{.verdict = Verdict::kFail, .name = "system calls", .found = {}, .lines = {}};
  finding.lines = {NeededFor("making sandboxes and loading BPF programs")};
  if (!lists.unknown.empty()) {
    finding.found = absl::StrCat("this kernel does not know ", absl::StrJoin(lists.unknown, ", "));
    findings.push_back(finding);
  } else if (!lists.refused.empty() && !facts.seccomp_filter) {
    finding.found = absl::StrCat("refused: ", absl::StrJoin(lists.details, ", "));
    AddSuspects(facts, lists.error, finding);
    findings.push_back(finding);
  }
}

Finding JudgeAppArmor(const Facts& facts) {
  Finding finding{.verdict = Verdict::kOk, .name = "AppArmor", .found = "no profile", .lines = {}};
  if (!facts.apparmor.empty()) finding.found = facts.apparmor;
  // It is not known then whether it would let a file system be mounted.
  if (IsConfinedByAppArmor(facts) && !HasCgroup(facts) && !facts.capabilities.Has(CAP_SYS_ADMIN)) {
    finding.verdict = Verdict::kWarn;
    absl::StrAppend(&finding.found, ": may refuse a cgroup2 mount, once CAP_SYS_ADMIN is there");
    finding.lines = AppArmorRemedies();
  }
  return finding;
}

}  // namespace

bool HasUserIds(const Facts& facts) {
  const uint64_t first = facts.first_uid;
  const uint64_t last = first + facts.uid_count - 1;
  return facts.uid_base.Worked() && Covers(facts.uids, first, last) && Covers(facts.gids, first, last);
}

void JudgeProcess(const Facts& facts, std::vector<Finding>& findings) {
  findings.push_back(JudgeUser(facts));
  findings.push_back(JudgeUserNamespace(facts));
  findings.push_back(JudgeUserIds(facts));
  JudgeCapabilities(facts, findings);
  const CallLists lists = SortCalls(facts);
  findings.push_back(JudgeFilter(facts, lists));
  JudgeUnfilteredCalls(facts, lists, findings);
  findings.push_back(JudgeAppArmor(facts));
  if (!facts.selinux.empty()) {
    findings.push_back({.verdict = Verdict::kOk, .name = "SELinux", .found = facts.selinux, .lines = {}});
  }
}

}  // namespace bpfrig::doctor
