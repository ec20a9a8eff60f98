// Lifeline: a pipe that nobody writes to. Who holds the write end lives; who holds the read end sees end of
// file when it does not. (PDEATHSIG is per thread, and lost when credentials change.)
#pragma once

#include "absl/status/statusor.h"
#include "daemon/base/fd.h"

namespace bpfrig::supervisor {

struct Lifeline {
  static absl::StatusOr<Lifeline> Make();

  base::Fd read_end;
  base::Fd write_end;
};

}  // namespace bpfrig::supervisor
