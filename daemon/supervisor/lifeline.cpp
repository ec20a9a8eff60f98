#include "daemon/supervisor/lifeline.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "daemon/base/status.h"

namespace bpfrig::supervisor {

absl::StatusOr<Lifeline> Lifeline::Make() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::ErrnoError("making a lifeline");
  Lifeline lifeline;
  lifeline.read_end = common::Fd(ends[0]);
  lifeline.write_end = common::Fd(ends[1]);
  return lifeline;
}

}  // namespace bpfrig::supervisor
