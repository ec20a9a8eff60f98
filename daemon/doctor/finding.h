// Finding: one line of the doctor's report, and the lines under it.
#pragma once

#include <string>
#include <vector>

namespace bpfrig::doctor {

enum class Verdict {
  kOk,
  // The daemon works, with something less.
  kWarn,
  // The daemon does not start, or opens no sandbox.
  kFail,
  // Could not be judged.
  kSkip,
};

struct Finding {
  Verdict verdict = Verdict::kOk;
  // "CAP_BPF", "seccomp", "cgroup".
  std::string name;
  std::string found;
  // What it is needed for, and how to grant it.
  std::vector<std::string> lines;
};

}  // namespace bpfrig::doctor
