// How the attempts went: cgroups, a worker's life, BPF, and the address to serve at.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/doctor/blame.h"
#include "daemon/doctor/judge.h"
#include "daemon/doctor/proc_text.h"
#include "daemon/doctor/remedies.h"

namespace bpfrig::doctor {
namespace {

constexpr char kNoWorker[] = "there is no worker process to try it in";
constexpr char kNoCgroup[] = "there is no cgroup for it";

// Why no place takes a cgroup, if another finding says it already.
std::string WhyNoCgroup(const Facts& facts) {
  Requirements requirements{.capabilities = {CAP_SYS_ADMIN}, .calls = {"fsopen", "fsconfig", "fsmount"}};
  if (NeedsDacOverride(facts)) requirements.capabilities.push_back(CAP_DAC_OVERRIDE);
  return WhyBlocked(facts, requirements);
}

Finding JudgeCgroup(const Facts& facts) {
  Finding finding{.verdict = Verdict::kOk, .name = "cgroup", .found = {}, .lines = {}};
  for (const CgroupTry& attempt : facts.cgroup_tries) {
    if (!attempt.claimed.Worked()) continue;
    const std::string place = attempt.own_mount ? "the daemon's own cgroup2 mount" : attempt.place;
    finding.found = absl::StrCat(facts.cgroup_layout, ": made and removed one in ", place);
    if (facts.cgroup_removed.Worked()) return finding;
    finding.verdict = Verdict::kFail;
    finding.found =
        absl::StrCat("one was made in ", place, " and cannot be removed: ", facts.cgroup_removed.message);
    return finding;
  }
  const std::string blocked = WhyNoCgroup(facts);
  if (!blocked.empty()) return Skip("cgroup", blocked);
  finding.verdict = Verdict::kFail;
  finding.found = absl::StrCat("no place takes a cgroup (cgroups here: ", facts.cgroup_layout, ")");
  std::string error;  // of the last place, the daemon's own mount
  for (const CgroupTry& attempt : facts.cgroup_tries) {
    if (attempt.claimed.Failed()) finding.lines.push_back(attempt.claimed.message);
    if (attempt.own_mount) error = attempt.claimed.error;
  }
  finding.lines.push_back(NeededFor("keeping the sandboxes' sockets and programs apart"));
  if (!AddSuspects(facts, error, finding)) {
    finding.lines.emplace_back(
        "Docker, Compose: cgroup: host, and volumes: [\"/sys/fs/cgroup:/sys/fs/cgroup:rw\"]");
  }
  return finding;
}

Finding JudgeCgroupKill(const Facts& facts) {
  if (!HasCgroup(facts)) return Skip("cgroup.kill", "there is no cgroup to look in");
  if (facts.has_cgroup_kill) {
    return {.verdict = Verdict::kOk, .name = "cgroup.kill", .found = "there", .lines = {}};
  }
  return {.verdict = Verdict::kWarn,
          .name = "cgroup.kill",
          .found = "not there (Linux 5.14 has it): processes are ended one by one, by signals",
          .lines = {}};
}

std::string DescribeWorker(const Facts& facts) {
  std::vector<std::string> names;
  for (const int capability : facts.worker_capabilities) {
    names.push_back(kernel_os::CapabilityName(capability));
  }
  return absl::StrCat("ran in its own cgroup and network namespace, as user ", facts.first_uid + 1, " with ",
                      absl::StrJoin(names, ", "));
}

// Front or worker. If what they need first is missing, another finding says so already.
Finding JudgeProcessTrial(const Facts& facts, absl::string_view name, const Attempt& attempt,
                          const Requirements& requirements, absl::string_view works,
                          absl::string_view purpose) {
  const std::string blocked = WhyBlocked(facts, requirements);
  if (blocked.empty() && !HasCgroup(facts)) return Skip(name, kNoCgroup);
  if (blocked.empty() && !HasUserIds(facts)) return Skip(name, "there is no user id for it");
  return JudgeAttempt(facts, name, attempt, requirements, works, purpose);
}

Finding JudgeWorker(const Facts& facts) {
  Requirements requirements{.capabilities = {CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID},
                            .calls = {"clone3", "execveat", "bpf", "memfd_create", "seccomp"}};
  requirements.capabilities.insert(requirements.capabilities.end(), facts.worker_capabilities.begin(),
                                   facts.worker_capabilities.end());
  return JudgeProcessTrial(facts, "worker", facts.worker, requirements, DescribeWorker(facts), "sandboxes");
}

Finding JudgeFront(const Facts& facts) {
  return JudgeProcessTrial(
      facts, "front", facts.front,
      {.capabilities = {CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID}, .calls = {"clone3", "execveat", "seccomp"}},
      absl::StrCat("ran as user ", facts.first_uid), "answering calls");
}

// A step of the trial, which takes a worker.
Finding JudgeTrialStep(const Facts& facts, absl::string_view name, const Attempt& attempt,
                       const Requirements& requirements, absl::string_view works, absl::string_view purpose) {
  if (!attempt.tried && WhyBlocked(facts, requirements).empty()) return Skip(name, kNoWorker);
  return JudgeAttempt(facts, name, attempt, requirements, works, purpose);
}

Requirements BpfRequirements(const Facts& facts) {
  return {.capabilities = facts.worker_capabilities, .calls = {"bpf"}, .machine_user_namespace = true};
}

Finding JudgeMap(const Facts& facts) {
  Finding finding =
      JudgeTrialStep(facts, "BPF map", facts.trial.map, BpfRequirements(facts), "made", "every BPF object");
  // Before 5.11 maps count as locked memory, and EPERM stands for too little of it.
  const bool none = finding.verdict == Verdict::kFail && facts.trial.map.error == "EPERM" &&
                    !facts.memlock_unlimited && IsOlder(facts.release, "5.11");
  const bool few = finding.verdict == Verdict::kOk && facts.trial.large_map.Failed();
  if (!none && !few) return finding;
  finding.verdict = Verdict::kFail;
  finding.found = none ? absl::StrCat(facts.trial.map.message, ": RLIMIT_MEMLOCK is too low")
                       : absl::StrCat(facts.trial.large_map.message, ": maps count against it here");
  finding.lines = {NeededFor("every BPF object")};
  Append(finding.lines, MemlockRemedies());
  return finding;
}

Finding JudgeLink(const Facts& facts) {
  if (facts.trial.program.Failed()) return Skip("BPF link", "there is no program to attach");
  return JudgeTrialStep(facts, "BPF link", facts.trial.link, BpfRequirements(facts),
                        "a program was attached to a cgroup", "attaching programs");
}

Finding JudgeRunCounts(const Facts& facts) {
  Finding finding =
      JudgeAttempt(facts, "run counts", facts.run_counts,
                   {.capabilities = {CAP_SYS_ADMIN}, .calls = {"bpf"}, .machine_user_namespace = true},
                   "the kernel counts how often programs run", "failing tests whose program never ran");
  if (finding.verdict == Verdict::kFail) finding.verdict = Verdict::kWarn;
  return finding;
}

void JudgeFeatures(const Facts& facts, std::vector<Finding>& findings) {
  std::vector<std::string> supported;
  std::vector<Finding> missing;
  for (const kernel_bpf::Feature& feature : facts.trial.features) {
    // Known already: BTF has its own line, and --no-perfmon asked for this.
    if (feature.name == "btf" || (feature.name == "perfmon" && !facts.perfmon)) continue;
    if (feature.supported) {
      supported.push_back(feature.name);
      continue;
    }
    missing.push_back({.verdict = Verdict::kWarn,
                       .name = feature.name,
                       .found = absl::StrCat("not supported here (", feature.detail, ")"),
                       .lines = {absl::StrCat("with it: ", feature.description)}});
    // With 3, the default of Debian's kernels, CAP_PERFMON is not enough.
    if (feature.name == "perf_events" && feature.detail == "EACCES" && facts.perfmon) {
      missing.back().lines.emplace_back("on the machine: sysctl kernel.perf_event_paranoid=2");
    }
  }
  if (facts.trial.features.empty()) {
    const std::string blocked = WhyBlocked(facts, BpfRequirements(facts));
    findings.push_back(Skip("features", blocked.empty() ? kNoWorker : blocked));
  } else if (!supported.empty()) {
    findings.push_back(
        {.verdict = Verdict::kOk, .name = "features", .found = absl::StrJoin(supported, ", "), .lines = {}});
  }
  findings.insert(findings.end(), missing.begin(), missing.end());
}

Finding JudgeSocket(const Facts& facts) {
  const SocketFacts& socket = facts.socket;
  Finding finding{.verdict = Verdict::kOk, .name = "socket", .found = socket.address, .lines = {}};
  if (!socket.usable.Worked()) {
    if (facts.uid != 0 && socket.usable.error == "EACCES") {
      return Skip("socket", absl::StrCat(socket.usable.message, "; root may be allowed to"));
    }
    return JudgeAttempt(facts, "socket", socket.usable, {}, "", absl::StrCat("serving at ", socket.address));
  }
  if (socket.served) {
    finding.verdict = Verdict::kWarn;
    absl::StrAppend(&finding.found, " is served already",
                    socket.server > 0 ? absl::StrCat(", by process ", socket.server) : "");
    finding.lines.emplace_back("a second daemon takes another place: --listen unix:PATH");
  }
  return finding;
}

// The options for callers from other machines, and whether they work.
void JudgeTcp(const Facts& facts, std::vector<Finding>& findings) {
  const SocketFacts& socket = facts.socket;
  if (socket.tcp_address.empty() && socket.tcp.Worked()) return;
  Finding finding =
      JudgeAttempt(facts, "TCP", socket.tcp, {}, socket.tcp_address, "callers from other machines");
  // Most likely the same daemon has it.
  if (socket.served && socket.tcp.error == "EADDRINUSE") {
    finding.verdict = Verdict::kWarn;
    finding.lines = {"a second daemon takes another address: --listen-tcp IP:PORT"};
  }
  findings.push_back(finding);
}

}  // namespace

void JudgeCgroups(const Facts& facts, std::vector<Finding>& findings) {
  findings.push_back(JudgeCgroup(facts));
  findings.push_back(JudgeCgroupKill(facts));
  if (!facts.has_net_cls || !IsOlder(facts.release, "5.14")) return;
  findings.push_back(
      {.verdict = Verdict::kWarn,
       .name = "net_cls",
       .found = "net_cls or net_prio is mounted: before Linux 5.14, sockets of processes that use it "
                "are missed by cgroup programs",
       .lines = {"boot the machine with cgroup_no_v1=net_cls,net_prio, or use a newer kernel"}});
}

void JudgeSandbox(const Facts& facts, std::vector<Finding>& findings) {
  findings.push_back(JudgeWorker(facts));
  findings.push_back(JudgeTrialStep(facts, "network", facts.trial.loopback,
                                    {.capabilities = {CAP_NET_ADMIN}, .calls = {}},
                                    "lo is up in its own network namespace", "connections in a sandbox"));
  findings.push_back(JudgeMap(facts));
  findings.push_back(JudgeTrialStep(facts, "BPF program", facts.trial.program, BpfRequirements(facts),
                                    "loaded", "every BPF object"));
  findings.push_back(JudgeLink(facts));
  findings.push_back(JudgeTrialStep(facts, "call filter", facts.trial.filter,
                                    {.capabilities = {}, .calls = {"seccomp"}}, "installed",
                                    "keeping sandboxes from the rest of the machine"));
  findings.push_back(JudgeRunCounts(facts));
  JudgeFeatures(facts, findings);
}

void JudgeServing(const Facts& facts, std::vector<Finding>& findings) {
  findings.push_back(JudgeFront(facts));
  findings.push_back(JudgeSocket(facts));
  JudgeTcp(facts, findings);
  if (facts.socket.group.Failed()) {
    findings.push_back({.verdict = Verdict::kFail,
                        .name = "group",
                        .found = facts.socket.group.message,
                        .lines = {NeededFor("--group"), "make the group, or give its number"}});
  }
}

}  // namespace bpfrig::doctor
