// What a new process does to itself between clone3 and exec. Only ChildProcess uses it. It runs in a copy of
// a process that may be anywhere in its work: so it makes system calls only, allocates no memory and logs
// nothing.
#pragma once

#include <linux/capability.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"

namespace bpfrig::kernel_os {

struct PassedFd;

// More descriptors than a child is ever passed.
inline constexpr size_t kMaxPassedFds = 16;

// The steps, in their order.
enum class SetupStep : int {
  kSession,
  kMoveFds,
  kPlaceFds,
  kLimits,
  kInheritable,
  kBoundingSet,
  kGroups,
  kGid,
  kKeepCapabilities,
  kUid,
  kCapabilities,
  kAmbient,
  kNoNewPrivileges,
  kSignals,
  kExec,
};

// What the child sends through its pipe if a step failed.
struct SetupFailure {
  SetupStep step;
  int error_number;
};

// Everything prepared by the parent; the pointers outlive the call.
struct ChildSetup {
  int executable = -1;
  int error_pipe = -1;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  const PassedFd* fds = nullptr;
  size_t fd_count = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  uint64_t capabilities = 0;  // a bit for each
  int last_capability = 0;    // of this kernel
  bool can_drop_bounding_set = false;
  uint64_t open_files = 0;
  const char* oom_score = nullptr;  // for oom_score_adj
};

// Runs the steps and the file; never returns.
[[noreturn]] void RunChild(const ChildSetup& setup);

// What failed, with its remedy if one is known.
[[nodiscard]] absl::Status DescribeFailure(const SetupFailure& failure, const ChildSetup& setup);

}  // namespace bpfrig::kernel_os
