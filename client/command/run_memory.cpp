#include "client/command/run_memory.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace bpfrig::client::command {
namespace {

using verdict::TestResult;
using verdict::Verdict;

constexpr const char* kFailed = "last-failed";
constexpr const char* kControlled = "controlled";
// Half a megabyte.
constexpr size_t kMaxControlled = 30'000;

// The plan's file and the test's name, on one line.
std::string KeyOf(const plan::Test& test) {
  std::error_code error;
  const std::filesystem::path file = std::filesystem::absolute(*test.mark.file, error);
  return absl::StrReplaceAll(absl::StrCat(file.lexically_normal().string(), "\t", test.name), {{"\n", " "}});
}

// Another bpfrig may judge otherwise.
std::string ContentOf(const plan::Test& test) {
  return absl::StrCat(BPFRIG_VERSION, " ", absl::Hex(test.fingerprint, absl::kZeroPad16));
}

std::set<std::string> AsSet(const std::vector<std::string>& lines) { return {lines.begin(), lines.end()}; }

}  // namespace

RunMemory::RunMemory(UserCache cache)
    : cache_(std::move(cache)),
      failed_(AsSet(cache_.Read(kFailed))),
      controlled_(cache_.Read(kControlled)),
      is_controlled_(AsSet(controlled_)) {}

bool RunMemory::FailedLast(const plan::Test& test) const { return failed_.count(KeyOf(test)) > 0; }

bool RunMemory::IsControlled(const plan::Test& test) const {
  return is_controlled_.count(ContentOf(test)) > 0;
}

void RunMemory::Note(const std::vector<plan::Test>& tests, const std::vector<TestResult>& results) {
  std::set<std::string> ran;
  std::set<std::string> failed;
  const size_t controlled_before = controlled_.size();
  for (size_t i = 0; i < tests.size(); ++i) {
    const TestResult& result = results[i];
    if (result.verdict == Verdict::kPassed || result.verdict == Verdict::kFailed) ran.insert(KeyOf(tests[i]));
    if (result.verdict == Verdict::kFailed) failed.insert(KeyOf(tests[i]));
    if (result.controlled && is_controlled_.insert(ContentOf(tests[i])).second) {
      controlled_.push_back(ContentOf(tests[i]));
    }
  }
  std::set<std::string> all_failed = failed;
  std::copy_if(failed_.begin(), failed_.end(), std::inserter(all_failed, all_failed.end()),
               [&](const std::string& key) { return ran.count(key) == 0; });
  if (all_failed != failed_) {
    failed_ = std::move(all_failed);
    cache_.Write(kFailed, {failed_.begin(), failed_.end()});
  }
  if (controlled_.size() == controlled_before) return;
  if (controlled_.size() > kMaxControlled)
    controlled_.erase(controlled_.begin(), controlled_.end() - kMaxControlled);
  cache_.Write(kControlled, controlled_);
}

}  // namespace bpfrig::client::command
