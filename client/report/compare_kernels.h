// One report of a run on several kernels: what differs between them first.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "client/report/run_record.h"

namespace bpfrig::client::report {

struct KernelRun {
  // As it was asked for, and as it calls itself: "6.1", "6.1.0-50-cloud-amd64". The second is empty if it did
  // not come up.
  std::string name;
  std::string release;
  // "tcg", "kvm"; empty for the kernel that the client runs on.
  std::string accelerator;
  // Until a guest was up.
  std::chrono::milliseconds boot{0};
  RunRecord record;
  // Why there are no results, if there are none: the rig failed on it.
  std::string failure;
};

// Tests whose verdicts differ, with what each kernel says; those that are bad on all; what was skipped, by
// kernel; and a line for each kernel.
[[nodiscard]] std::string CompareKernels(const std::vector<KernelRun>& runs, bool colour);

// All results, each with its kernel's release, and a rig error for each kernel that has none: for the reports
// of report_file.h.
[[nodiscard]] RunRecord Joined(const std::vector<KernelRun>& runs);

}  // namespace bpfrig::client::report
