// The trial: what a worker does with its privileges, each once. The doctor starts it like a worker, from
// bpfrigd's own file, and reads what it writes into a pipe.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "common/fd.h"
#include "daemon/doctor/facts.h"

namespace bpfrig::doctor {

// Where the process finds its pipe, its cgroup's directory and a worker's filter of system calls.
inline constexpr int kTrialResultNumber = 3;
inline constexpr int kTrialCgroupNumber = 4;
inline constexpr int kTrialFilterNumber = 5;

// Tries everything and writes it into `result`; returns the exit status. Changes the network namespace that
// the process is in.
int RunTrial(common::Fd result, common::Fd cgroup, common::Fd filter);

// The facts as lines of text, and back.
[[nodiscard]] std::string FormatTrial(const TrialFacts& facts);
// An attempt that the text does not mention stays untried.
[[nodiscard]] TrialFacts ParseTrial(absl::string_view text);

}  // namespace bpfrig::doctor
