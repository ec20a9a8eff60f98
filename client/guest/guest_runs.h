// Runs jobs on other kernels, as many at once as the machine has processors and memory for.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/guest/image.h"
#include "client/guest/kernel_cache.h"
#include "client/guest/machine.h"

namespace bpfrig::client::guest {

struct GuestOptions {
  std::string append;
  unsigned memory_mib = 1024;
  unsigned cpus = 1;
  std::chrono::seconds timeout{900};
};

// "kvm" if a guest really comes up with it, otherwise "tcg", which needs nothing of the machine. A device
// that opens tells little: what was found is kept in `directory` until the next boot of this machine.
[[nodiscard]] absl::StatusOr<std::string> ChooseAccelerator(const Kernel& kernel,
                                                            const std::string& base_image,
                                                            const std::filesystem::path& directory);

struct GuestRun {
  Kernel kernel;
  Job job;
};

// Calls `done` with the index of each run and its outcome, as they come. RESOURCE_EXHAUSTED if there is no
// memory for one guest; NOT_FOUND if there is no QEMU.
[[nodiscard]] absl::Status RunOnGuests(const std::vector<GuestRun>& runs, const std::string& accelerator,
                                       const std::string& base_image, const GuestOptions& options,
                                       const std::function<void(size_t, Outcome)>& done);

}  // namespace bpfrig::client::guest
