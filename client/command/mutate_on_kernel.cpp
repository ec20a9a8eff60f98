// `bpfrig mutate --kernel`: the same command line in a guest of that kernel. What it prints comes out here,
// and what it writes goes where it would have gone.
#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/command/guest_arguments.h"
#include "client/command/guest_jobs.h"
#include "client/command/load_plans.h"
#include "client/command/mutate_inputs.h"
#include "client/guest/frames.h"
#include "client/guest/guest_runs.h"
#include "client/report/report_file.h"

namespace bpfrig::client::command {
namespace {

// Where the guest writes its page, and has what changed.
constexpr const char* kPageFolder = "/job/page";
constexpr const char* kPageName = "page.html";
constexpr const char* kDiffFile = "/job/changes.diff";

absl::StatusOr<guest::KernelSpec> OneKernel(const std::string& text) {
  absl::StatusOr<std::vector<guest::KernelSpec>> specs = guest::ParseKernelSpecs(text);
  if (!specs.ok()) return std::move(specs).status();
  if (specs->size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("mutate takes one kernel, not ", text, "; call it once for each"));
  }
  if (specs->front().kind == guest::KernelSpec::Kind::kHost) {
    return absl::InvalidArgumentError("mutate runs on the host's kernel without --kernel; leave it out");
  }
  return specs->front();
}

guest::Job MutateJob(const MutateOptions& options, const std::vector<std::string>& arguments,
                     const plan::ObjectFiles& objects, const std::string& diff) {
  std::vector<std::filesystem::path> files = FilesOfPlans(options.plans, objects);
  for (const std::string& file : {options.equivalents, options.resume, options.diff}) {
    if (!file.empty()) files.push_back(PathInGuest(file));
  }
  std::vector<std::string> added;
  std::vector<std::filesystem::path> folders;
  if (!options.json.empty()) added.push_back(absl::StrCat("--json=", guest::kJobReportFile));
  if (!options.html.empty()) {
    folders.emplace_back(kPageFolder);
    added.push_back(absl::StrCat("--html=", kPageFolder, "/", kPageName));
  }
  // A guest has neither git nor the repository.
  if (!options.since.empty()) added.push_back(absl::StrCat("--diff=", kDiffFile));
  guest::Job job =
      JobOf(GuestArguments(guest::kGuestClient, arguments, added), std::move(files), std::move(folders));
  if (!options.since.empty()) job.texts[kDiffFile] = diff;
  return job;
}

// A run that ended before there were mutants has written nothing. Of the guest's files only the page is
// looked at, and its place is the one that the command line names.
absl::Status WriteMutateReports(const MutateOptions& options, const guest::Outcome& outcome) {
  absl::Status status = outcome.files.status();
  if (!options.json.empty() && !outcome.report.empty()) {
    status.Update(report::WriteFile(options.json, outcome.report));
  }
  if (options.html.empty()) return status;
  for (const guest::GuestFile& file : outcome.files.all()) {
    if (file.path == kPageName) status.Update(report::WriteFile(options.html, file.bytes));
  }
  return status;
}

int TakeMutateOutcome(const MutateOptions& options, const guest::Outcome& outcome) {
  std::cout << outcome.output << std::flush;
  absl::Status status = WriteMutateReports(options, outcome);
  // What was wrong with the guest as a whole goes before.
  if (!outcome.failure.empty()) status = absl::UnavailableError(outcome.failure);
  if (status.ok()) return outcome.exit_status;
  std::cerr << "bpfrig: kernel " << options.kernel << ": " << status.message() << "\n";
  return kRigFailed;
}

}  // namespace

int MutateOnKernel(const MutateOptions& options, const std::vector<std::string>& arguments) {
  if (const absl::Status good = CheckDaemonOfGuests(options.daemon); !good.ok()) return Fail(good);
  const absl::StatusOr<guest::KernelSpec> spec = OneKernel(options.kernel);
  if (!spec.ok()) return Fail(spec.status());
  const absl::StatusOr<MutateInputs> inputs = ReadMutateInputs(options);
  if (!inputs.ok()) return Fail(inputs.status());
  plan::ObjectFiles objects(options.plans.object_path);
  if (!LoadPlans(options.plans, objects)) return kUsageError;
  const absl::StatusOr<guest::KernelCache> cache = guest::KernelCache::Open();
  if (!cache.ok()) return Fail(cache.status());
  const absl::StatusOr<guest::Kernel> kernel = cache->Find(*spec);
  if (!kernel.ok()) return Fail(kernel.status());
  const absl::StatusOr<GuestMakings> makings = PrepareGuests(options.daemon, *kernel, *cache);
  if (!makings.ok()) return Fail(makings.status());
  int code = kRigFailed;
  const guest::GuestRun run{*kernel, MutateJob(options, arguments, objects, inputs->diff)};
  const absl::Status ran = guest::RunOnGuests(
      {run}, makings->accelerator, makings->image, options.guest,
      [&](size_t /*index*/, const guest::Outcome& outcome) { code = TakeMutateOutcome(options, outcome); });
  return ran.ok() ? code : Fail(ran);
}

}  // namespace bpfrig::client::command
