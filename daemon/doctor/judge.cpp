#include "daemon/doctor/judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "daemon/doctor/blame.h"
#include "daemon/doctor/proc_text.h"
#include "daemon/doctor/remedies.h"

namespace bpfrig::doctor {
namespace {

// The oldest that the daemon is tested on.
constexpr char kOldestKernel[] = "5.10";

Finding JudgeLockdown(const Facts& facts) {
  Finding finding{.verdict = Verdict::kOk, .name = "lockdown", .found = facts.lockdown, .lines = {}};
  const std::string lost = "programs that read kernel memory (bpf_probe_read_kernel) do not load";
  if (facts.lockdown == "confidentiality") {
    finding.verdict = Verdict::kWarn;
    absl::StrAppend(&finding.found, ": ", lost);
    finding.lines.emplace_back("boot the machine without lockdown=confidentiality");
    return finding;
  }
  if (!facts.lockdown.empty()) return finding;
  if (!facts.perfmon)
    return Skip("lockdown", "cannot be read; without CAP_PERFMON no program reads kernel memory anyway");
  if (facts.trial.kernel_read.Worked()) {
    finding.found = "cannot be read; programs that read kernel memory load";
    return finding;
  }
  if (!facts.trial.kernel_read.tried) return Skip("lockdown", "cannot be read");
  finding.verdict = Verdict::kWarn;
  finding.found = absl::StrCat("cannot be read; ", lost, " (", facts.trial.kernel_read.error, ")");
  finding.lines.emplace_back("boot the machine without lockdown=confidentiality, or use a newer kernel");
  return finding;
}

}  // namespace

std::vector<Finding> Judge(const Facts& facts) {
  std::vector<Finding> findings;
  JudgeProcess(facts, findings);
  JudgeKernel(facts, findings);
  JudgeCgroups(facts, findings);
  JudgeSandbox(facts, findings);
  JudgeServing(facts, findings);
  return findings;
}

void JudgeKernel(const Facts& facts, std::vector<Finding>& findings) {
  Finding kernel{.verdict = Verdict::kOk, .name = "kernel", .found = facts.release, .lines = {}};
  if (IsOlder(facts.release, kOldestKernel)) {
    kernel.verdict = Verdict::kWarn;
    absl::StrAppend(&kernel.found, " is older than ", kOldestKernel, ", the oldest that is tested");
  }
  findings.push_back(kernel);
  if (!facts.possible_cpus.Worked()) {
    findings.push_back({.verdict = Verdict::kFail,
                        .name = "sysfs",
                        .found = facts.possible_cpus.message,
                        .lines = {NeededFor("maps with a value for each processor, and the kernel's types"),
                                  "mount -t sysfs none /sys"}});
  }
  findings.push_back(JudgeLockdown(facts));
  Finding btf{.verdict = Verdict::kOk, .name = "BTF", .found = "/sys/kernel/btf/vmlinux", .lines = {}};
  if (!facts.btf.Worked()) {
    btf.verdict = Verdict::kWarn;
    btf.found = absl::StrCat("the kernel's BTF cannot be read: ", facts.btf.message);
    btf.lines = {NeededFor("objects built with CO-RE, and kernel types by name"),
                 "a kernel built with CONFIG_DEBUG_INFO_BTF=y"};
  }
  findings.push_back(btf);
}

bool HasCgroup(const Facts& facts) {
  return std::any_of(facts.cgroup_tries.begin(), facts.cgroup_tries.end(),
                     [](const CgroupTry& attempt) { return attempt.claimed.Worked(); });
}

bool NeedsDacOverride(const Facts& facts) {
  if (HasCgroup(facts) || facts.capabilities.Has(CAP_DAC_OVERRIDE)) return false;
  return std::any_of(facts.cgroup_tries.begin(), facts.cgroup_tries.end(),
                     [](const CgroupTry& attempt) { return attempt.claimed.error == "EACCES"; });
}

}  // namespace bpfrig::doctor
