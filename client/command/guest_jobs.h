// What commands that run in guests have in common: what guests are made of, and what they are given to read.
// run_on_kernels.cpp and mutate_on_kernel.cpp use it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/command/options.h"
#include "client/guest/image.h"
#include "client/guest/kernel_cache.h"
#include "client/plan/object_files.h"

namespace bpfrig::client::command {

// INVALID_ARGUMENT says why these options and --kernel do not go together.
[[nodiscard]] absl::Status CheckDaemonOfGuests(const DaemonOptions& options);

struct GuestMakings {
  // The initramfs with our programs.
  std::string image;
  // "kvm" or "tcg".
  std::string accelerator;
};
// `kernel` is one that will run: what this machine can do is tried with it.
[[nodiscard]] absl::StatusOr<GuestMakings> PrepareGuests(const DaemonOptions& options,
                                                         const guest::Kernel& kernel,
                                                         const guest::KernelCache& cache);

// Absolute and normal, as a job's paths have to be.
[[nodiscard]] std::filesystem::path PathInGuest(const std::filesystem::path& path);
// What is read of the plans, which were found before: they, what they include, and the objects that they
// load.
[[nodiscard]] std::vector<std::filesystem::path> FilesOfPlans(const PlanOptions& options,
                                                              const plan::ObjectFiles& objects);

// The client with these arguments, in our directory, with what it may have of our environment.
[[nodiscard]] guest::Job JobOf(std::vector<std::string> arguments, std::vector<std::filesystem::path> files,
                               std::vector<std::filesystem::path> folders);

}  // namespace bpfrig::client::command
