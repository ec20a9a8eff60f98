#include "client/mutate/json_report.h"

#include <nlohmann/json.hpp>

#include "client/mutate/outcome_words.h"
#include "client/report/run_record.h"

namespace bpfrig::client::mutate {
namespace {

// In the order in which they are written here.
using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

Json ToJson(const Counts& counts) {
  Json object = {{"mutants", counts.mutants},       {"noticed", counts.noticed},
                 {"survived", counts.survived},     {"unreached", counts.unreached},
                 {"equivalent", counts.equivalent}, {"invalid", counts.invalid},
                 {"not_run", counts.not_run}};
  if (counts.HasScore()) object["score"] = counts.Score();
  return object;
}

Json NamesOf(const std::vector<size_t>& tests, const Record& record) {
  Json names = Json::array();
  for (const size_t test : tests) names.push_back(record.tests[test]);
  return names;
}

Json ToJson(const Mutant& mutant, const Record& record) {
  const Place& place = record.PlaceOf(mutant);
  Json object;
  object["object"] = record.subjects[mutant.subject].object_name;
  object["program"] = record.subjects[mutant.subject].program.name();
  object["function"] = place.function;
  object["instruction"] = mutant.mutation.instruction;
  if (place.IsKnown()) {
    object["file"] = place.file;
    object["line"] = place.line;
    object["text"] = place.text;
  }
  object["kind"] = mutant.mutation.kind;
  object["what"] = mutant.mutation.what;
  object["outcome"] = WordOf(mutant.outcome);
  if (!mutant.reason.empty()) object["reason"] = mutant.reason;
  if (mutant.is_hang) object["hang"] = true;
  if (mutant.is_unreached) object["unreached"] = true;
  object["noticed_by"] = NamesOf(mutant.noticed_by, record);
  object["passed"] = NamesOf(mutant.passed, record);
  return object;
}

}  // namespace

std::string ToJson(const Record& record, const std::string& version) {
  Json object;
  object["schema"] = kSchema;
  object["bpfrig"] = version;
  object["duration_ms"] = report::Milliseconds(record.duration);
  object["mutants_in_all"] = record.mutants_in_all;
  if (record.seed != 0) object["seed"] = record.seed;
  object["counts"] = ToJson(record.CountAll());
  object["programs"] = Json::array();
  for (size_t i = 0; i < record.subjects.size(); ++i) {
    Counts counts;
    for (const Mutant& mutant : record.mutants) {
      if (mutant.subject == i) counts.Add(mutant);
    }
    object["programs"].push_back({{"object", record.subjects[i].object_name},
                                  {"program", record.subjects[i].program.name()},
                                  {"counts", ToJson(counts)},
                                  {"tests", NamesOf(record.subjects[i].tests, record)}});
  }
  object["tests"] = Json::array();
  for (size_t i = 0; i < record.tests.size(); ++i) {
    object["tests"].push_back({{"name", record.tests[i]}, {"fingerprint", record.fingerprints[i]}});
  }
  object["every_test"] = record.has_every_test;
  object["mutants"] = Json::array();
  for (const Mutant& mutant : record.mutants) object["mutants"].push_back(ToJson(mutant, record));
  if (record.has_every_test) object["tests_that_add_nothing"] = NamesOf(TestsThatAddNothing(record), record);
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bpfrig::client::mutate
