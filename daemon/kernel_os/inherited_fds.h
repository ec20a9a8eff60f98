// What a process does first with the descriptors that it was started with, before anything can pass them on.
#pragma once

#include "absl/status/statusor.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

// Opens /dev/null for those of stdin, stdout and stderr that are closed, so that no other file gets their
// number, and makes every other descriptor CLOEXEC. Call it from main before anything is opened.
void SealInheritedFds();

// Takes over a descriptor that the process was started with. Fails if there is none of that number.
[[nodiscard]] absl::StatusOr<common::Fd> AdoptFd(int number);

}  // namespace bpfrig::kernel_os
