// Judge: what the facts mean for an operator. Pure functions: the same facts, the same findings.
#pragma once

#include <vector>

#include "daemon/doctor/facts.h"
#include "daemon/doctor/finding.h"

namespace bpfrig::doctor {

// In a fixed order: what the process may do, then what became of its attempts.
[[nodiscard]] std::vector<Finding> Judge(const Facts& facts);

// Its parts.
void JudgeProcess(const Facts& facts, std::vector<Finding>& findings);
void JudgeKernel(const Facts& facts, std::vector<Finding>& findings);
void JudgeCgroups(const Facts& facts, std::vector<Finding>& findings);
void JudgeSandbox(const Facts& facts, std::vector<Finding>& findings);
void JudgeServing(const Facts& facts, std::vector<Finding>& findings);

// Whether front and workers can have their user ids.
[[nodiscard]] bool HasUserIds(const Facts& facts);
// Whether one of the places took a cgroup.
[[nodiscard]] bool HasCgroup(const Facts& facts);
// Whether no place did because CAP_DAC_OVERRIDE is missing.
[[nodiscard]] bool NeedsDacOverride(const Facts& facts);

}  // namespace bpfrig::doctor
