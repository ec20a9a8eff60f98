// `bpfrig run --kernel`: the same command line in a guest for each kernel, and for `host` in a process of its
// own; their reports are put together here.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/command/guest_arguments.h"
#include "client/command/guest_jobs.h"
#include "client/command/load_plans.h"
#include "client/command/shuffle.h"
#include "client/command/terminal.h"
#include "client/command/write_reports.h"
#include "client/guest/child.h"
#include "client/guest/frames.h"
#include "client/guest/guest_runs.h"
#include "client/guest/image.h"
#include "client/guest/kernel_cache.h"
#include "client/plan/object_files.h"
#include "client/report/compare_kernels.h"
#include "client/report/parse_json.h"
#include "client/run/artifacts.h"
#include "client/run/file_name.h"
#include "client/run/log_directory.h"
#include "common/read_file.h"

namespace bpfrig::client::command {
namespace {

namespace fs = std::filesystem;
using guest::KernelSpec;
using report::KernelRun;

constexpr size_t kMaxReportBytes = guest::kMaxFrameBytes;

// What a run came to, as the client that ran it reported.
void TakeReport(const std::string& text, int exit_status, const std::string& output, KernelRun& run) {
  absl::StatusOr<report::RunRecord> record = report::ParseJson(text);
  if (text.empty() || !record.ok()) {
    run.failure = absl::StrCat("the run ended with exit status ", exit_status,
                               " and without a report: ", absl::StripTrailingAsciiWhitespace(output));
    return;
  }
  run.record = *std::move(record);
  if (exit_status >= kRigFailed && exit_status != kAllSkipped && run.record.counts.rig_errors == 0) {
    run.failure = absl::StrCat("the run ended with exit status ", exit_status, ": ",
                               absl::StripTrailingAsciiWhitespace(output));
  }
}

// On the kernel that we run on, in a process of its own: the same way as a guest's.
KernelRun RunOnHost(const std::vector<std::string>& arguments, const GuestOutputs& folders) {
  KernelRun run;
  run.name = "host";
  std::ifstream("/proc/sys/kernel/osrelease") >> run.release;
  std::string report = (fs::temp_directory_path() / "bpfrig-report-XXXXXX").string();
  const common::Fd created(mkstemp(report.data()));
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const absl::StatusOr<guest::Ended> ended = guest::RunToEnd(
      GuestArguments(self.string(), arguments, OptionsOf({report, folders.artifacts, folders.logs})));
  if (ended.ok()) {
    TakeReport(common::ReadFile(report, kMaxReportBytes).value_or(""), ended->status, ended->output, run);
  } else {
    run.failure = std::string(ended.status().message());
  }
  fs::remove(report, error);
  return run;
}

struct Plan {
  std::vector<KernelRun> runs;
  // Of each run: where it writes on this machine, and a guest at the same paths in itself.
  std::vector<GuestOutputs> outputs;
  // Of the runs that have a guest: their places in `runs`, and their kernels.
  std::vector<size_t> places;
  std::vector<guest::Kernel> kernels;
};

absl::StatusOr<Plan> FindKernels(const std::vector<KernelSpec>& specs, const guest::KernelCache& cache) {
  Plan plan;
  for (const KernelSpec& spec : specs) {
    plan.runs.emplace_back().name = spec.text;
    plan.outputs.push_back({guest::kJobReportFile});
    if (spec.kind == KernelSpec::Kind::kHost) continue;
    absl::StatusOr<guest::Kernel> kernel = cache.Find(spec);
    if (!kernel.ok()) return std::move(kernel).status();
    plan.places.push_back(plan.runs.size() - 1);
    plan.kernels.push_back(*std::move(kernel));
  }
  return plan;
}

// Each kernel's folder below DIR, without what an earlier run left of these tests, as a run on one kernel
// would leave it.
absl::Status MakeFolders(const RunOptions& options, const std::vector<plan::Test>& tests, Plan& plan) {
  std::set<std::string> taken;
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    const std::string name = run::UniqueName(run::FileName(plan.runs[i].name), "", taken);
    if (!options.artifacts.empty()) {
      plan.outputs[i].artifacts = (fs::path(options.artifacts) / name).string();
      const auto opened = run::Artifacts::Open(plan.outputs[i].artifacts, tests);
      if (!opened.ok()) return opened.status();
    }
    if (!options.log_directory.empty()) {
      plan.outputs[i].logs = (fs::path(options.log_directory) / name).string();
      if (absl::Status made = run::LogDirectory(plan.outputs[i].logs).Make(); !made.ok()) return made;
    }
  }
  return absl::OkStatus();
}

std::vector<fs::path> FoldersOf(const GuestOutputs& outputs) {
  std::set<fs::path> folders;
  for (const std::string& folder : {outputs.artifacts, outputs.logs}) {
    if (!folder.empty()) folders.insert(PathInGuest(folder));
  }
  return {folders.begin(), folders.end()};
}

// What a guest sent of what its run wrote, to the places that it has here.
absl::Status WriteFiles(const guest::GuestFiles& files, const std::vector<fs::path>& folders) {
  absl::Status status = files.status();
  for (const guest::GuestFile& file : files.all()) {
    if (file.folder < folders.size()) {
      status.Update(guest::WriteBelow(folders[file.folder], file.path, file.bytes));
    } else {
      status.Update(
          absl::InvalidArgumentError("a file came from the guest for a folder that it was not given"));
    }
  }
  return status;
}

absl::Status RunGuests(const RunOptions& options, const std::vector<std::string>& arguments,
                       const std::vector<fs::path>& files, const guest::KernelCache& cache, Plan& plan) {
  const absl::StatusOr<GuestMakings> makings = PrepareGuests(options.daemon, plan.kernels.front(), cache);
  if (!makings.ok()) return makings.status();
  std::vector<guest::GuestRun> guests;
  for (size_t i = 0; i < plan.kernels.size(); ++i) {
    const GuestOutputs& outputs = plan.outputs[plan.places[i]];
    guests.push_back(
        {plan.kernels[i], JobOf(GuestArguments(guest::kGuestClient, arguments, OptionsOf(outputs)), files,
                                FoldersOf(outputs))});
  }
  return guest::RunOnGuests(
      guests, makings->accelerator, makings->image, options.guest, [&](size_t index, guest::Outcome outcome) {
        KernelRun& run = plan.runs[plan.places[index]];
        run.release = outcome.release;
        run.accelerator = makings->accelerator;
        run.boot = outcome.boot;
        run.failure = outcome.failure;
        if (run.failure.empty()) {
          TakeReport(outcome.report, outcome.exit_status, outcome.output, run);
        }
        const absl::Status written = WriteFiles(outcome.files, guests[index].job.folders);
        if (run.failure.empty() && !written.ok()) {
          run.failure = std::string(written.message());
        }
        std::cerr << run.name << " is done\n";
      });
}

absl::Status CheckRunOptions(const RunOptions& options) {
  if (!options.last_failed) return CheckDaemonOfGuests(options.daemon);
  return absl::InvalidArgumentError(
      "--kernel and --last-failed do not go together: what failed last is only remembered of runs on the "
      "daemon's own kernel");
}

}  // namespace

int RunOnKernels(const RunOptions& options, std::vector<std::string> arguments) {
  if (const absl::Status good = CheckRunOptions(options); !good.ok()) return Fail(good);
  const absl::StatusOr<std::vector<KernelSpec>> specs = guest::ParseKernelSpecs(options.kernels);
  if (!specs.ok()) return Fail(specs.status());
  plan::ObjectFiles objects(options.plans.object_path);
  const std::optional<std::vector<plan::Test>> tests = LoadPlans(options.plans, objects);
  if (!tests) return kUsageError;
  const absl::StatusOr<guest::KernelCache> cache = guest::KernelCache::Open();
  if (!cache.ok()) return Fail(cache.status());
  absl::StatusOr<Plan> plan = FindKernels(*specs, *cache);
  if (!plan.ok()) return Fail(plan.status());

  if (const absl::Status made = MakeFolders(options, *tests, *plan); !made.ok()) return Fail(made);
  // The same order everywhere.
  if (options.shuffle) {
    const std::string shuffle = absl::StrCat("--shuffle=", ChooseSeed(*options.shuffle));
    std::replace(arguments.begin(), arguments.end(), std::string("--shuffle"), shuffle);
  }
  for (size_t i = 0; i < plan->runs.size(); ++i) {
    if (plan->runs[i].name == "host") plan->runs[i] = RunOnHost(arguments, plan->outputs[i]);
  }
  if (!plan->kernels.empty()) {
    const absl::Status ran =
        RunGuests(options, arguments, FilesOfPlans(options.plans, objects), *cache, *plan);
    if (!ran.ok()) return Fail(ran);
  }
  const report::RunRecord joined = report::Joined(plan->runs);
  const bool is_reported = WriteReports(options.reports, joined);
  std::cout << report::CompareKernels(plan->runs, StyleOfOutput(options.color).colour) << std::flush;
  return ExitCodeOf(options, joined.counts, is_reported);
}

}  // namespace bpfrig::client::command
