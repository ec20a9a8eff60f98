#include "client/report/run_record.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace bpfrig::client::report {

std::vector<Suite> SuitesOf(const RunRecord& run) {
  std::vector<Suite> suites;
  std::map<std::pair<std::string, std::string>, size_t> numbers;
  for (const verdict::TestResult& result : run.results) {
    const auto [found, is_new] = numbers.try_emplace({result.plan, result.kernel}, suites.size());
    if (is_new) suites.emplace_back();
    suites[found->second].push_back(&result);
  }
  return suites;
}

std::string Timestamp(std::chrono::system_clock::time_point time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromChrono(time), absl::UTCTimeZone());
}

double Milliseconds(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1000;
}

std::string WordOf(verdict::Verdict verdict) {
  switch (verdict) {
    case verdict::Verdict::kPassed:
      return "passed";
    case verdict::Verdict::kFailed:
      return "failed";
    case verdict::Verdict::kSkipped:
      return "skipped";
    case verdict::Verdict::kRigError:
      return "rig error";
    case verdict::Verdict::kNotRun:
      break;
  }
  return "not run";
}

std::string NameWithKernel(const verdict::TestResult& result) {
  return result.kernel.empty() ? result.name : absl::StrCat(result.name, " [", result.kernel, "]");
}

std::string Details(const verdict::TestResult& result) {
  const std::string text = FormatResult(result, false);
  return text.substr(text.find('\n') + 1);
}

}  // namespace bpfrig::client::report
