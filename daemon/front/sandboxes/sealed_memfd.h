// An object's bytes as a file in memory that nobody can change any more: how LoadProgram passes an ELF to a
// worker.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/fd.h"

namespace bpfrig::front {

[[nodiscard]] absl::StatusOr<common::Fd> MakeSealedMemfd(absl::string_view bytes);

}  // namespace bpfrig::front
