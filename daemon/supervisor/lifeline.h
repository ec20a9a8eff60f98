// Lifeline: a pipe that nobody writes to. Who holds the write end lives; who holds the read end sees end of
// file when it does not. (PDEATHSIG is per thread, and lost when credentials change.)
#pragma once

#include "absl/status/statusor.h"
#include "common/fd.h"

namespace bpfrig::supervisor {

struct Lifeline {
  static absl::StatusOr<Lifeline> Make();

  common::Fd read_end;
  common::Fd write_end;
};

}  // namespace bpfrig::supervisor
