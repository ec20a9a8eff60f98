#include "client/command/guest_jobs.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "client/daemon/find_daemon.h"
#include "client/guest/guest_runs.h"
#include "client/plan/plan_files.h"

extern char** environ;  // NOLINT: declared by no header in strict mode.

namespace bpfrig::client::command {
namespace {

std::vector<std::string> GuestEnvironment() {
  std::vector<std::string> environment = {"PATH=/bin", "HOME=/tmp", "TMPDIR=/tmp"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    // What names a daemon is of no use there: a guest has its own.
    if (absl::StartsWith(*variable, "BPFRIG_VAR_") || absl::StartsWith(*variable, "BPFRIG_OBJECT_PATH=")) {
      environment.emplace_back(*variable);
    }
  }
  return environment;
}

}  // namespace

absl::Status CheckDaemonOfGuests(const DaemonOptions& options) {
  if (options.target.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--kernel and --target do not go together: each guest has its own daemon");
}

absl::StatusOr<GuestMakings> PrepareGuests(const DaemonOptions& options, const guest::Kernel& kernel,
                                           const guest::KernelCache& cache) {
  const absl::StatusOr<std::string> daemon = daemon::FindDaemon(options.private_daemon.executable);
  if (!daemon.ok()) return daemon.status();
  const absl::StatusOr<guest::Programs> programs = guest::FindPrograms(*daemon);
  if (!programs.ok()) return programs.status();
  absl::StatusOr<std::string> image = guest::BaseImage(*programs, cache.images());
  if (!image.ok()) return image.status();
  absl::StatusOr<std::string> accelerator = guest::ChooseAccelerator(kernel, *image, cache.directory());
  if (!accelerator.ok()) return accelerator.status();
  return GuestMakings{*std::move(image), *std::move(accelerator)};
}

std::filesystem::path PathInGuest(const std::filesystem::path& path) {
  return std::filesystem::absolute(path).lexically_normal();
}

std::vector<std::filesystem::path> FilesOfPlans(const PlanOptions& options,
                                                const plan::ObjectFiles& objects) {
  std::set<std::filesystem::path> files;
  for (const std::filesystem::path& object : objects.Files()) files.insert(PathInGuest(object));
  for (const std::string& plan : plan::FindPlanFiles(options.plans).value_or(std::vector<std::string>())) {
    for (const std::string& file : plan::FilesOfPlan(plan)) files.insert(PathInGuest(file));
  }
  return {files.begin(), files.end()};
}

guest::Job JobOf(std::vector<std::string> arguments, std::vector<std::filesystem::path> files,
                 std::vector<std::filesystem::path> folders) {
  return {std::move(arguments), GuestEnvironment(), std::filesystem::current_path(), std::move(files),
          std::move(folders)};
}

}  // namespace bpfrig::client::command
