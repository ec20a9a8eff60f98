#include "client/mutate/survey.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "absl/strings/str_cat.h"
#include "client/mutate/reach_watcher.h"
#include "client/run/load_watcher.h"
#include "client/run/side_by_side.h"

namespace bpfrig::client::mutate {
namespace {

using bpfrig::v1::LoadProgramRequest;
using bpfrig::v1::LoadProgramResponse;
using Object = std::shared_ptr<const std::string>;
using verdict::Verdict;

// The instructions of all programs, which are listed once, whichever test loads them first.
class Listings {
 public:
  // True for the one who has to list it.
  bool Claim(const Object& object, const std::string& program) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return claimed_.insert({object.get(), program}).second;
  }
  void Add(const Object& object, bpfrig::v1::ProgramInstructions listed) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::string program = listed.program();
    listed_[{object.get(), program}] = std::move(listed);
  }
  void Fail(std::string error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (error_.empty()) error_ = std::move(error);
  }
  // Null if it was not listed. Once all tests are done, as is error().
  [[nodiscard]] const bpfrig::v1::ProgramInstructions* Find(const Object& object,
                                                            const std::string& program) const {
    const auto found = listed_.find({object.get(), program});
    return found == listed_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  using Key = std::pair<const std::string*, std::string>;

  std::mutex mutex_;
  std::set<Key> claimed_;
  std::map<Key, bpfrig::v1::ProgramInstructions> listed_;
  std::string error_;
};

struct SeenLoad {
  Object object;
  LoadProgramRequest request;
  LoadProgramResponse response;
};

// Of one test.
class SurveyWatcher : public run::LoadWatcher {
 public:
  explicit SurveyWatcher(Listings& listings) : listings_(listings) {}

  void Before(const Object&, LoadProgramRequest&) override {}

  void After(const Object& object, const LoadProgramRequest& request, const daemon::RpcError* error,
             const LoadProgramResponse& response, run::Sandbox& sandbox) override {
    if (error != nullptr || request.types_only()) return;
    LoadProgramRequest rest = request;
    rest.clear_object();
    loads.push_back({object, std::move(rest), response});
    bool is_needed = false;
    for (const auto& program : response.loaded().programs()) {
      is_needed = listings_.Claim(object, program.name()) || is_needed;
    }
    if (!is_needed) return;
    std::vector<bpfrig::v1::ProgramInstructions> programs;
    if (auto failure = run::ListInstructions(sandbox, request.name(), programs)) {
      return listings_.Fail(
          absl::StrCat("listing the instructions of ", request.name(), ": ", daemon::Describe(*failure)));
    }
    for (auto& program : programs) listings_.Add(object, std::move(program));
  }

  std::vector<SeenLoad> loads;

 private:
  Listings& listings_;
};

// The part of a request that decides which programs are loaded.
std::string KeyOf(const LoadProgramRequest& request) {
  LoadProgramRequest part;
  *part.mutable_programs() = request.programs();
  *part.mutable_programs_except() = request.programs_except();
  return part.SerializeAsString();
}

void AddSubjects(const SeenLoad& load, size_t test, const Listings& listings,
                 std::vector<Subject>& subjects) {
  for (const auto& program : load.response.loaded().programs()) {
    const auto is_it = [&](const Subject& subject) {
      return subject.object == load.object && subject.program.name() == program.name();
    };
    auto subject = std::find_if(subjects.begin(), subjects.end(), is_it);
    if (subject == subjects.end()) {
      const auto* listed = listings.Find(load.object, program.name());
      if (listed == nullptr) continue;
      subjects.push_back({load.object, load.request.name(), Program(*listed, program.type()), {}});
      subject = std::prev(subjects.end());
    }
    if (subject->tests.empty() || subject->tests.back() != test) subject->tests.push_back(test);
  }
}

void NoteReached(const ReachWatcher& reached, size_t test, Survey& survey) {
  for (Subject& subject : survey.subjects) {
    const bool loads_it = std::binary_search(subject.tests.begin(), subject.tests.end(), test);
    const std::vector<bool>* ran = loads_it ? reached.Find(subject.object, subject.program.name()) : nullptr;
    if (ran != nullptr && ran->size() == subject.program.instructions().size()) {
      subject.may_have_run[test] = *ran;
    }
  }
}

void FindReached(const std::vector<plan::Test>& tests, size_t threads, std::chrono::milliseconds timeout,
                 run::TestRunner& runner, Survey& survey) {
  std::vector<ReachWatcher> watchers(tests.size());
  std::vector<char> passed(tests.size(), 0);
  run::SideBySide(threads, tests.size(), [&](size_t i) {
    if (survey.results[i].verdict != Verdict::kPassed) return;
    passed[i] = runner.RunWatched(tests[i], watchers[i], timeout).result.verdict == Verdict::kPassed ? 1 : 0;
  });
  for (size_t i = 0; i < tests.size(); ++i) {
    if (passed[i] != 0) NoteReached(watchers[i], i, survey);
  }
}

}  // namespace

void KnownLoads::Add(const Object& object, const LoadProgramRequest& request,
                     const LoadProgramResponse& response) {
  Load& load = loads_[{object.get(), KeyOf(request)}];
  if (response.has_rejected()) load.is_refused = true;
  for (const auto& program : response.loaded().programs()) load.programs.insert(program.name());
}

const KnownLoads::Load* KnownLoads::Find(const Object& object, const LoadProgramRequest& request) const {
  const auto found = loads_.find({object.get(), KeyOf(request)});
  return found == loads_.end() ? nullptr : &found->second;
}

bool Survey::IsGood() const {
  return error.empty() && std::all_of(results.begin(), results.end(), [](const verdict::TestResult& result) {
           return result.verdict == Verdict::kPassed || result.verdict == Verdict::kSkipped;
         });
}

Survey RunSurvey(const std::vector<plan::Test>& tests, size_t threads, std::chrono::milliseconds timeout,
                 run::TestRunner& runner) {
  Listings listings;
  std::vector<SurveyWatcher> watchers(tests.size(), SurveyWatcher(listings));
  Survey survey;
  survey.results.resize(tests.size());
  run::SideBySide(threads, tests.size(), [&](size_t i) {
    survey.results[i] = runner.RunWatched(tests[i], watchers[i], timeout).result;
  });
  survey.error = listings.error();
  for (size_t i = 0; i < tests.size(); ++i) {
    for (const SeenLoad& load : watchers[i].loads) {
      survey.loads.Add(load.object, load.request, load.response);
      AddSubjects(load, i, listings, survey.subjects);
    }
  }
  if (survey.IsGood()) FindReached(tests, threads, timeout, runner, survey);
  return survey;
}

}  // namespace bpfrig::client::mutate
