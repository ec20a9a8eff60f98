#include "daemon/kernel_os/limits.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::kernel_os {
namespace {

// cgroup2 trees are not this deep; above a mount's root there is nothing to read, or the root again.
constexpr int kMaxDepth = 64;
// In a container of a host with cgroups of version 1 it is the container's own.
constexpr char kLimitOfVersion1[] = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
constexpr char kOomScore[] = "/proc/self/oom_score_adj";

// Lowers `limit` to what the file says, if that is a number: "max" is none.
void LowerTo(int directory, const std::string& file, uint64_t& limit) {
  uint64_t number = 0;
  const std::string text = ReadSmallFile(directory, file, file).value_or("");
  if (absl::SimpleAtoi(text, &number)) limit = std::min(limit, number);
}

}  // namespace

absl::Status RaiseOpenFilesLimit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return base::ErrnoError("reading the limit of open files");
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return base::ErrnoError("raising the limit of open files");
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> MostOpenFiles() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return base::ErrnoError("reading the limit of open files");
  return files.rlim_max;
}

absl::StatusOr<uint64_t> MemoryFor(int cgroup) {
  struct sysinfo machine {};
  if (::sysinfo(&machine) != 0) return base::ErrnoError("asking for the machine's memory");
  uint64_t limit = uint64_t{machine.totalram} * machine.mem_unit;
  LowerTo(AT_FDCWD, kLimitOfVersion1, limit);
  std::string above;
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    LowerTo(cgroup, absl::StrCat(above, "memory.max"), limit);
    absl::StrAppend(&above, "../");
  }
  return limit;
}

int OwnOomScore() {
  int score = 0;
  const std::string text = ReadSmallFile(AT_FDCWD, kOomScore, kOomScore).value_or("");
  return absl::SimpleAtoi(text, &score) ? score : 0;
}

void SetOwnOomScore(int score) {
  (void)WriteSmallFile(AT_FDCWD, kOomScore, absl::StrCat(std::min(score, 1000)), kOomScore);
}

}  // namespace bpfrig::kernel_os
