#include "client/report/parse_json.h"

#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace bpfrig::client::report {
namespace {

using Json = nlohmann::ordered_json;
using verdict::Verdict;

// Marks of one file share its name.
using Files = std::map<std::string, std::shared_ptr<const std::string>>;

std::chrono::microseconds Duration(const Json& object) {
  return std::chrono::microseconds(std::llround(object.at("duration_ms").get<double>() * 1000));
}

plan::Mark MarkOf(const Json& object, Files& files) {
  if (!object.contains("file")) return {};
  const std::string file = object["file"];
  std::shared_ptr<const std::string>& shared = files[file];
  if (shared == nullptr) shared = std::make_shared<const std::string>(file);
  return {shared, object.at("line"), object.at("column")};
}

Verdict VerdictOf(const std::string& word) {
  for (const Verdict verdict : {Verdict::kPassed, Verdict::kFailed, Verdict::kSkipped, Verdict::kRigError}) {
    if (word == WordOf(verdict)) return verdict;
  }
  return Verdict::kNotRun;
}

verdict::Failure FailureOf(const Json& object, Files& files) {
  verdict::Failure failure;
  failure.mark = MarkOf(object, files);
  failure.what = object.at("what");
  failure.error = object.value("error", "");
  failure.hint = object.value("hint", "");
  failure.note = object.value("note", "");
  for (const Json& difference : object.at("differences")) {
    failure.differences.push_back({MarkOf(difference, files), difference.at("field"),
                                   difference.at("expected"), difference.at("actual")});
  }
  return failure;
}

verdict::Note NoteOf(const Json& object, Files& files) {
  return {MarkOf(object, files), object.at("what"), object.at("text")};
}

verdict::StepTime StepOf(const Json& object, Files& files) {
  return {MarkOf(object, files), object.at("what"), Duration(object)};
}

verdict::TestResult ResultOf(const Json& object, Files& files) {
  verdict::TestResult result;
  result.verdict = VerdictOf(object.at("verdict"));
  result.plan = object.at("plan");
  result.name = object.at("name");
  result.kernel = object.value("kernel", "");
  result.mark = MarkOf(object, files);
  result.duration = Duration(object);
  result.tries = object.value("tries", 1U);
  result.reason = object.value("reason", "");
  for (const Json& note : object.value("notes", Json::array())) result.notes.push_back(NoteOf(note, files));
  for (const Json& step : object.value("steps", Json::array())) result.steps.push_back(StepOf(step, files));
  for (const Json& failure : object.at("failures")) result.failures.push_back(FailureOf(failure, files));
  result.artifacts = object.value("artifacts", "");
  return result;
}

}  // namespace

absl::StatusOr<RunRecord> ParseJson(const std::string& text) {
  try {
    const Json object = Json::parse(text);
    RunRecord run;
    absl::Time started;
    std::string error;
    if (absl::ParseTime(absl::RFC3339_full, object.at("started").get<std::string>(), &started, &error)) {
      run.started = absl::ToChronoTime(started);
    }
    run.duration = Duration(object);
    Files files;
    for (const Json& test : object.at("tests")) {
      run.results.push_back(ResultOf(test, files));
      CountIn(run.results.back(), run.counts);
    }
    return run;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("this is not a report of bpfrig: ", error.what()));
  }
}

}  // namespace bpfrig::client::report
