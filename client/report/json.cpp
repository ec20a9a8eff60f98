// The project's own report. What is in it stays: a later version adds fields, or counts `schema` up.
#include <nlohmann/json.hpp>

#include "client/report/report_file.h"

namespace bpfrig::client::report {
namespace {

// In the order in which they are written here.
using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

void AddMark(const plan::Mark& mark, Json& object) {
  if (mark.file == nullptr) return;
  object["file"] = *mark.file;
  object["line"] = mark.line;
  object["column"] = mark.column;
}

Json ToJson(const verdict::Difference& difference) {
  Json object;
  object["field"] = difference.field;
  object["expected"] = difference.expected;
  object["actual"] = difference.actual;
  AddMark(difference.mark, object);
  return object;
}

Json ToJson(const verdict::Failure& failure) {
  Json object;
  object["what"] = failure.what;
  AddMark(failure.mark, object);
  if (!failure.error.empty()) object["error"] = failure.error;
  if (!failure.hint.empty()) object["hint"] = failure.hint;
  if (!failure.note.empty()) object["note"] = failure.note;
  object["differences"] = Json::array();
  for (const verdict::Difference& difference : failure.differences) {
    object["differences"].push_back(ToJson(difference));
  }
  return object;
}

Json ToJson(const verdict::Note& note) {
  Json object;
  object["what"] = note.what;
  AddMark(note.mark, object);
  object["text"] = note.text;
  return object;
}

Json ToJson(const verdict::StepTime& step) {
  Json object;
  object["what"] = step.what;
  AddMark(step.mark, object);
  object["duration_ms"] = Milliseconds(step.duration);
  return object;
}

Json ToJson(const verdict::TestResult& result) {
  Json object;
  object["plan"] = result.plan;
  object["name"] = result.name;
  if (!result.kernel.empty()) object["kernel"] = result.kernel;
  AddMark(result.mark, object);
  object["verdict"] = WordOf(result.verdict);
  object["duration_ms"] = Milliseconds(result.duration);
  if (result.tries > 1) object["tries"] = result.tries;
  if (result.IsFlaky()) object["flaky"] = true;
  if (!result.reason.empty()) object["reason"] = result.reason;
  for (const verdict::Note& note : result.notes) object["notes"].push_back(ToJson(note));
  for (const verdict::StepTime& step : result.steps) object["steps"].push_back(ToJson(step));
  object["failures"] = Json::array();
  for (const verdict::Failure& failure : result.failures) object["failures"].push_back(ToJson(failure));
  if (!result.artifacts.empty()) object["artifacts"] = result.artifacts;
  return object;
}

}  // namespace

std::string ToJson(const RunRecord& run, const std::string& version) {
  Json object;
  object["schema"] = kSchema;
  object["bpfrig"] = version;
  object["started"] = Timestamp(run.started);
  object["duration_ms"] = Milliseconds(run.duration);
  object["counts"] = {{"passed", run.counts.passed},   {"failed", run.counts.failed},
                      {"skipped", run.counts.skipped}, {"rig_errors", run.counts.rig_errors},
                      {"not_run", run.counts.not_run}, {"flaky", run.counts.flaky}};
  object["tests"] = Json::array();
  for (const verdict::TestResult& result : run.results) object["tests"].push_back(ToJson(result));
  // Bytes that are no UTF-8 in a text are replaced, not a reason to have no report.
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bpfrig::client::report
