// `bpfrig mutate`.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/command/commands.h"
#include "client/command/daemon_session.h"
#include "client/command/exit_code.h"
#include "client/command/load_plans.h"
#include "client/command/mutate_inputs.h"
#include "client/command/terminal.h"
#include "client/mutate/equivalents.h"
#include "client/mutate/html_report.h"
#include "client/mutate/json_report.h"
#include "client/mutate/mutation_run.h"
#include "client/mutate/resume.h"
#include "client/mutate/selection.h"
#include "client/mutate/survey.h"
#include "client/mutate/text_report.h"
#include "client/report/report.h"
#include "client/report/report_file.h"
#include "common/version.h"

namespace bpfrig::client::command {
namespace {

using std::chrono::milliseconds;

// More than there are CPUs: a test that fails has mostly waited for something that did not come.
constexpr size_t kPerCpu = 4;

size_t Threads(const MutateOptions& options, const bpfrig::v1::GetInfoResponse& info) {
  size_t threads =
      options.jobs > 0 ? options.jobs : kPerCpu * std::max(1U, std::thread::hardware_concurrency());
  if (info.max_sandboxes() > 0) threads = std::min<size_t>(threads, info.max_sandboxes());
  return threads;
}

milliseconds TimeoutOf(const MutateOptions& options) {
  return milliseconds(static_cast<int64_t>(options.timeout_seconds * 1000));
}

// On a terminal, a line that shows how far the run is.
class Progress {
 public:
  Progress(bool is_shown, size_t mutants) : is_shown_(is_shown), mutants_(mutants) {}

  void Add(const mutate::Mutant& mutant) {
    if (!is_shown_) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    counts_.Add(mutant);
    std::cout << "\r\033[K" << counts_.mutants << " of " << mutants_ << " mutants, " << counts_.noticed
              << " noticed, " << counts_.survived << " survived" << std::flush;
  }
  void Erase() {
    if (is_shown_) std::cout << "\r\033[K" << std::flush;
  }

 private:
  const bool is_shown_;
  const size_t mutants_;
  std::mutex mutex_;
  mutate::Counts counts_;
};

// What is wrong with the programs as they are; the exit code.
int RefuseSurvey(const mutate::Survey& survey, const DaemonSession& session) {
  report::Counts counts;
  for (const verdict::TestResult& result : survey.results) {
    report::CountIn(result, counts);
    if (result.IsBad()) std::cout << report::FormatResult(result, false);
  }
  if (session.stop_signal() != 0) return kInterrupted + session.stop_signal();
  if (counts.failed > 0) {
    std::cout << "nothing was mutated: the tests must pass with the programs as they are\n";
  }
  if (!survey.error.empty()) std::cerr << "bpfrig: " << survey.error << "\n";
  return !survey.error.empty() || counts.rig_errors > 0 ? kRigFailed : kTestsFailed;
}

bool AllSkipped(const mutate::Survey& survey) {
  return std::all_of(survey.results.begin(), survey.results.end(), [](const verdict::TestResult& result) {
    return result.verdict == verdict::Verdict::kSkipped;
  });
}

mutate::Record RecordOf(const MutateOptions& options, const std::vector<plan::Test>& tests,
                        const mutate::Survey& survey) {
  mutate::Record record;
  record.subjects = survey.subjects;
  record.has_every_test = options.every_test;
  for (const plan::Test& test : tests) {
    record.tests.push_back(absl::StrCat(test.plan, " / ", test.name));
    record.fingerprints.push_back(absl::StrCat(absl::Hex(test.fingerprint, absl::kZeroPad16)));
  }
  return record;
}

void PrintUnused(const std::vector<mutate::Equivalent>& unused, const std::string& path) {
  for (const mutate::Equivalent& entry : unused) {
    std::cerr << "bpfrig: " << path << ": no mutant fits "
              << (entry.text.empty() ? entry.what : absl::StrCat("\"", entry.text, "\""))
              << "; the entry can go\n";
  }
}

// Prints and writes what came of it; whether all of it could be written.
bool Report(const MutateOptions& options, const mutate::Record& record, bool is_terminal) {
  std::cout << mutate::ToText(record);
  if (is_terminal) {
    const double seconds = std::chrono::duration<double>(record.duration).count();
    std::cout << " in " << report::Duration(record.duration);
    if (seconds > 0) {
      std::cout << absl::StrFormat(", %.1f mutants/s", static_cast<double>(record.mutants.size()) / seconds);
    }
  }
  std::cout << std::endl;
  const std::string version = common::VersionAndRevision();
  absl::Status written;
  if (!options.json.empty()) written = report::WriteFile(options.json, mutate::ToJson(record, version));
  if (!options.html.empty()) {
    written.Update(report::WriteFile(options.html, mutate::ToHtml(record, version)));
  }
  if (!written.ok()) std::cerr << "bpfrig: " << written.message() << "\n";
  return written.ok();
}

// Of a run that was not interrupted.
int ExitCode(const MutateOptions& options, const mutate::Counts& counts) {
  if (!options.fail_under || counts.Score() >= *options.fail_under) return kAllPassed;
  std::cerr << absl::StrFormat("bpfrig: the score is below %g %%, which --fail-under asks for\n",
                               *options.fail_under);
  return kTestsFailed;
}

// The record's mutants, with what is known of them.
absl::Status ChooseMutants(const MutateOptions& options, const MutateInputs& inputs, mutate::Record& record) {
  if (absl::Status chosen = mutate::SelectMutants(inputs.selection, record); !chosen.ok()) return chosen;
  if (inputs.resume.empty()) return absl::OkStatus();
  const absl::StatusOr<size_t> taken = mutate::Resume(inputs.resume, record);
  if (!taken.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--resume ", options.resume, ": ", taken.status().message()));
  }
  std::cout << "of " << record.mutants.size() << " mutants, " << *taken << " were run before\n";
  return absl::OkStatus();
}

// The part with a daemon.
int MutateOn(const MutateOptions& options, const std::vector<plan::Test>& tests, const MutateInputs& inputs,
             DaemonSession& session) {
  run::TestRunner runner(session.client(), run::FeaturesOf(session.info()), {});
  const size_t threads = Threads(options, session.info());
  const mutate::Survey survey = mutate::RunSurvey(tests, threads, milliseconds(0), runner);
  if (!survey.IsGood()) return RefuseSurvey(survey, session);
  if (AllSkipped(survey)) {
    std::cerr << "bpfrig: every test was skipped, so there is nothing to mutate\n";
    return kAllSkipped;
  }
  mutate::Record record = RecordOf(options, tests, survey);
  if (absl::Status chosen = ChooseMutants(options, inputs, record); !chosen.ok()) {
    if (!absl::IsNotFound(chosen)) return Fail(chosen);
    std::cout << "nothing to mutate: " << chosen.message() << "\n";
    return kAllPassed;
  }
  const bool is_terminal = StyleOfOutput(ColorMode::kAuto).columns > 0;
  Progress progress(is_terminal, record.mutants.size());
  const mutate::MutationOptions mutation{threads, TimeoutOf(options), options.every_test,
                                         [&](const mutate::Mutant& mutant) { progress.Add(mutant); }};
  const std::string problem = mutate::RunMutants(tests, survey, mutation, runner, record);
  progress.Erase();
  const auto unused = mutate::MarkEquivalents(inputs.equivalents, record);
  const bool is_written = Report(options, record, is_terminal);
  if (session.stop_signal() != 0) return kInterrupted + session.stop_signal();
  if (!problem.empty()) {
    std::cerr << "bpfrig: the rig failed, and the run ended: " << problem << "\n";
    return kRigFailed;
  }
  // Of a part of the mutants, entries for others are not out of date.
  if (inputs.selection.IsEverything()) PrintUnused(unused, options.equivalents);
  return is_written ? ExitCode(options, record.CountAll()) : kRigFailed;
}

}  // namespace

int MutatePrograms(const MutateOptions& options) {
  const absl::StatusOr<MutateInputs> inputs = ReadMutateInputs(options);
  if (!inputs.ok()) return Fail(inputs.status());
  const std::optional<std::vector<plan::Test>> tests = LoadPlans(options.plans);
  if (!tests) return kUsageError;
  absl::StatusOr<std::unique_ptr<DaemonSession>> session = DaemonSession::Open(options.daemon);
  if (!session.ok()) return Fail(session.status());
  const int code = MutateOn(options, *tests, *inputs, **session);
  const absl::Status closed = (*session)->Close();
  if (closed.ok()) return code;
  std::cerr << "bpfrig: ending the private daemon: " << closed.message() << "\n";
  return kRigFailed;
}

}  // namespace bpfrig::client::command
