#include "daemon/doctor/blame.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/doctor/proc_text.h"
#include "daemon/doctor/remedies.h"

namespace bpfrig::doctor {
namespace {

// Types that SELinux leaves alone.
bool IsConfinedBySelinux(const Facts& facts) {
  return !facts.selinux.empty() && !absl::StrContains(facts.selinux, ":unconfined_t") &&
         !absl::StrContains(facts.selinux, ":spc_t");
}

}  // namespace

bool IsRefused(const Facts& facts, const SystemCall& call) {
  if (call.refusal.empty()) return false;
  // A missing capability never makes the kernel kill.
  if (call.refusal == "SIGSYS") return true;
  // In another user namespace some kernels refuse bpf to everybody: that is said of the namespace (5.10).
  if (call.name == "bpf" && !facts.machine_user_namespace) return false;
  return call.capability < 0 || facts.capabilities.Has(call.capability);
}

std::string WhyBlocked(const Facts& facts, const Requirements& requirements) {
  std::vector<std::string> missing;
  for (const int capability : requirements.capabilities) {
    if (!facts.capabilities.Has(capability)) missing.push_back(kernel_os::CapabilityName(capability));
  }
  if (!missing.empty()) {
    return absl::StrCat(absl::StrJoin(missing, ", "), missing.size() == 1 ? " is missing" : " are missing");
  }
  for (const SystemCall& call : facts.calls) {
    for (const std::string& name : requirements.calls) {
      if (call.name != name || !IsRefused(facts, call)) continue;
      return absl::StrCat("the system call ", name, " is refused");
    }
  }
  if (requirements.machine_user_namespace && !facts.machine_user_namespace) {
    return "this is not the machine's own user namespace";
  }
  return "";
}

bool IsConfinedByAppArmor(const Facts& facts) { return absl::EndsWith(facts.apparmor, "(enforce)"); }

bool AddSuspects(const Facts& facts, absl::string_view error, Finding& finding) {
  std::vector<std::pair<std::string, Lines>> suspects;
  // AppArmor and SELinux answer EACCES, unless they take the capability away (EPERM).
  if (error == "EPERM" || error == "EACCES") {
    if (IsConfinedByAppArmor(facts)) {
      suspects.emplace_back(absl::StrCat("the AppArmor profile ", facts.apparmor), AppArmorRemedies());
    }
    if (IsConfinedBySelinux(facts)) {
      suspects.emplace_back(absl::StrCat("SELinux for ", facts.selinux), SelinuxRemedies());
    }
  }
  if ((error == "EPERM" || error == "ENOSYS") && facts.seccomp_filter) {
    suspects.emplace_back("the seccomp filter", SeccompRemedies({}));
  }
  if (suspects.empty()) return false;
  std::vector<std::string> names;
  for (const auto& [name, lines] : suspects) {
    names.push_back(name);
    Append(finding.lines, lines);
  }
  absl::StrAppend(&finding.found, ", although the capabilities are there: by ",
                  absl::StrJoin(names, " or by "));
  return true;
}

Finding JudgeAttempt(const Facts& facts, absl::string_view name, const Attempt& attempt,
                     const Requirements& requirements, absl::string_view works, absl::string_view purpose) {
  Finding finding{
      .verdict = Verdict::kOk, .name = std::string(name), .found = std::string(works), .lines = {}};
  if (attempt.Worked()) return finding;
  const std::string blocked = WhyBlocked(facts, requirements);
  if (!blocked.empty()) return Skip(name, blocked);
  if (!attempt.tried) return Skip(name, "not tried");
  finding.verdict = Verdict::kFail;
  finding.found = attempt.message;
  finding.lines.push_back(NeededFor(purpose));
  if (!AddSuspects(facts, attempt.error, finding) && !attempt.hint.empty()) {
    finding.lines.push_back(attempt.hint);
  }
  return finding;
}

Finding Skip(absl::string_view name, absl::string_view why) {
  return {.verdict = Verdict::kSkip, .name = std::string(name), .found = std::string(why), .lines = {}};
}

}  // namespace bpfrig::doctor
