#include "client/mutate/mutation_run.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/mutate/kill_order.h"
#include "client/run/load_watcher.h"
#include "client/run/side_by_side.h"

namespace bpfrig::client::mutate {
namespace {

using bpfrig::v1::LoadProgramRequest;
using bpfrig::v1::LoadProgramResponse;
using std::chrono::milliseconds;
using verdict::Verdict;

// The order of tests depends on what came of mutants that are so far back, and on no nearer ones: how far the
// other threads are must not show.
constexpr size_t kLookBack = 64;

// Loads the mutant wherever a test loads its program.
class MutantWatcher : public run::LoadWatcher {
 public:
  MutantWatcher(const Subject& subject, const Mutation& mutation, const KnownLoads& loads)
      : subject_(subject), mutation_(mutation), loads_(loads) {}

  void Before(const std::shared_ptr<const std::string>& object, LoadProgramRequest& request) override {
    is_replaced_ = false;
    if (object != subject_.object || request.types_only()) return;
    const KnownLoads::Load* load = loads_.Find(object, request);
    if (load == nullptr || load->programs.count(subject_.program.name()) == 0) return;
    is_replaced_ = true;
    may_be_refused_ = load->is_refused;
    auto* replacement = request.add_replacements();
    replacement->set_program(subject_.program.name());
    replacement->set_instruction(mutation_.instruction);
    replacement->set_code(Encode(mutation_.code));
  }

  void After(const std::shared_ptr<const std::string>&, const LoadProgramRequest&,
             const daemon::RpcError* error, const LoadProgramResponse& response, run::Sandbox&) override {
    if (!is_replaced_) return;
    if (error != nullptr && absl::StartsWith(error->detail.field(), "replacements")) {
      problem = daemon::Describe(*error);
    }
    if (response.has_loaded()) is_loaded = true;
    if (response.has_rejected() && !may_be_refused_) is_invalid = true;
  }

  // At least once.
  bool is_loaded = false;
  bool is_invalid = false;
  // The daemon did not take the replacement, which is a bug of ours.
  std::string problem;

 private:
  const Subject& subject_;
  const Mutation& mutation_;
  const KnownLoads& loads_;
  // Of the load that is under way.
  bool is_replaced_ = false;
  bool may_be_refused_ = false;
};

class MutationRun {
 public:
  MutationRun(const std::vector<plan::Test>& tests, const Survey& survey, const MutationOptions& options,
              run::TestRunner& runner, Record& record)
      : tests_(tests),
        survey_(survey),
        options_(options),
        runner_(runner),
        record_(record),
        is_done_(record.mutants.size(), false) {}

  // One piece of the work.
  void RunOne(size_t index) {
    if (record_.mutants[index].outcome != Outcome::kNotRun) return Finish(index, record_.mutants[index]);
    if (!WaitForOlder(index)) return Finish(index, record_.mutants[index]);
    Mutant mutant = record_.mutants[index];
    Meet(OrderFor(index, mutant), mutant);
    Finish(index, std::move(mutant));
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  static size_t KnownFor(size_t index) { return index < kLookBack ? 0 : index - kLookBack + 1; }

  // False if the run is over.
  bool WaitForOlder(size_t index) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return is_over_ || done_before_ >= KnownFor(index); });
    return !is_over_;
  }

  // The tests that can notice it, in that order; one of the others if none can: whether the kernel takes the
  // mutant shows there, too.
  std::vector<size_t> OrderFor(size_t index, Mutant& mutant) const {
    const std::vector<size_t> all = KillOrder(record_, index, KnownFor(index));
    const Subject& subject = record_.subjects[mutant.subject];
    std::vector<size_t> order;
    for (const size_t test : all) {
      if (subject.MayReach(test, mutant.mutation.instruction)) order.push_back(test);
    }
    mutant.is_unreached = order.empty();
    return mutant.is_unreached ? std::vector<size_t>{all.front()} : order;
  }

  void Meet(const std::vector<size_t>& order, Mutant& mutant) {
    const Subject& subject = record_.subjects[mutant.subject];
    for (const size_t test : order) {
      MutantWatcher watcher(subject, mutant.mutation, survey_.loads);
      const auto met = runner_.RunWatched(tests_[test], watcher, TimeoutOf(test));
      const Verdict verdict = met.result.verdict;
      if (verdict == Verdict::kNotRun) return Stop("", mutant);
      if (!watcher.problem.empty()) return Stop(Explain(mutant, test, watcher.problem), mutant);
      if (watcher.is_invalid) {
        mutant.outcome = Outcome::kInvalid;
        return;
      }
      if (verdict == Verdict::kRigError && !met.is_hung) {
        return Stop(Explain(mutant, test, met.result.reason), mutant);
      }
      if (verdict == Verdict::kPassed && watcher.is_loaded) {
        mutant.outcome = Outcome::kSurvived;
        if (!mutant.is_unreached) mutant.passed.push_back(test);
      }
      if (verdict == Verdict::kFailed || verdict == Verdict::kRigError) {
        mutant.noticed_by.push_back(test);
        mutant.is_hang = met.is_hung || met.result.duration >= TimeoutOf(test);
        if (!options_.runs_every_test) break;
      }
    }
    if (!mutant.noticed_by.empty()) mutant.outcome = Outcome::kNoticed;
  }

  [[nodiscard]] milliseconds TimeoutOf(size_t test) const {
    constexpr milliseconds kLeast(1000);
    milliseconds timeout = options_.timeout;
    if (timeout.count() == 0) {
      timeout =
          std::max(kLeast, std::chrono::duration_cast<milliseconds>(survey_.results[test].duration * 10));
    }
    const milliseconds own = tests_[test].timeout;
    return own.count() > 0 ? std::min(own, timeout) : timeout;
  }

  [[nodiscard]] std::string Explain(const Mutant& mutant, size_t test, const std::string& problem) const {
    return absl::StrCat(record_.tests[test], ", with ", record_.subjects[mutant.subject].FullName(),
                        " in which ", mutant.mutation.what, ": ", problem);
  }

  void Stop(std::string problem, Mutant& mutant) {
    mutant.outcome = Outcome::kNotRun;
    const std::lock_guard<std::mutex> lock(mutex_);
    is_over_ = true;
    if (problem_.empty()) problem_ = std::move(problem);
    changed_.notify_all();
  }

  void Finish(size_t index, Mutant mutant) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (options_.done && mutant.outcome != Outcome::kNotRun) options_.done(mutant);
    record_.mutants[index] = std::move(mutant);
    is_done_[index] = true;
    while (done_before_ < is_done_.size() && is_done_[done_before_]) ++done_before_;
    changed_.notify_all();
  }

  const std::vector<plan::Test>& tests_;
  const Survey& survey_;
  const MutationOptions& options_;
  run::TestRunner& runner_;
  // A mutant's place is written once, under the mutex; others read it only once it is done.
  Record& record_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> is_done_;
  // All mutants before this one are done.
  size_t done_before_ = 0;
  bool is_over_ = false;
  std::string problem_;
};

}  // namespace

std::string RunMutants(const std::vector<plan::Test>& tests, const Survey& survey,
                       const MutationOptions& options, run::TestRunner& runner, Record& record) {
  const auto start = std::chrono::steady_clock::now();
  MutationRun run(tests, survey, options, runner, record);
  run::SideBySide(options.threads, record.mutants.size(), [&](size_t i) { run.RunOne(i); });
  record.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  return run.problem();
}

}  // namespace bpfrig::client::mutate
