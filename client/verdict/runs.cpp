#include "client/verdict/runs.h"

#include <cstdint>
#include <iterator>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/verdict/explain.h"
#include "client/verdict/programs.h"
#include "common/near_names.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::CountRunsResponse;
using bpfrig::v1::ProgramRuns;

std::vector<std::string> ProgramsOf(const CountRunsResponse& counts) {
  std::vector<std::string> names;
  for (const ProgramRuns& program : counts.programs()) names.push_back(program.program());
  return names;
}

// The program's own name, without its object's.
std::string ShortName(const std::string& program) { return program.substr(program.find('/') + 1); }

std::string DidYouMean(const std::string& name, std::vector<std::string> known) {
  if (!absl::StrContains(name, '/')) {
    for (std::string& program : known) program = ShortName(program);
  }
  return common::DidYouMean(name, known);
}

uint64_t TotalOf(const std::string& program, const CountRunsResponse& counts) {
  for (const ProgramRuns& runs : counts.programs()) {
    if (runs.program() == program) return runs.total();
  }
  return 0;  // It was not loaded then.
}

// Whether the step was one call, so that what the daemon counts since the last call is all of it.
bool IsOneCall(const plan::Step& step) {
  return step.call.repeat == 1 && step.call.within.count() == 0 &&
         !std::holds_alternative<plan::EventsShape>(step.shape);
}

// That none ran says nothing of a step that dumps a map.
bool IsAboutSockets(const plan::Step& step) {
  return step.call.method->input_type()->file() == bpfrig::v1::ConnectRequest::descriptor()->file();
}

}  // namespace

Differences CompareRuns(const plan::Step& step, const CountRunsResponse& before,
                        const CountRunsResponse& after) {
  Differences differences;
  const std::vector<std::string> loaded = ProgramsOf(after);
  for (const plan::RunsExpectation& expected : step.runs) {
    const std::string& name = expected.program.value;
    const std::string field = absl::StrCat("runs.", name);
    std::vector<std::string> meant;
    for (const std::string& program : loaded) {
      if (Names(name, program)) meant.push_back(program);
    }
    if (meant.size() != 1) {
      differences.push_back(
          {expected.program.mark, field,
           meant.empty() ? absl::StrCat("a program that is loaded", DidYouMean(name, loaded))
                         : std::string("the name of one program, as object/program"),
           loaded.empty()
               ? "none is"
               : absl::StrCat("loaded are: ", absl::StrJoin(meant.empty() ? loaded : meant, ", "))});
      continue;
    }
    bpfrig::v1::Value runs;
    runs.set_unsigned_integer(TotalOf(meant[0], after) - TotalOf(meant[0], before));
    Differences found = Explain(expected.count, runs, field);
    std::move(found.begin(), found.end(), std::back_inserter(differences));
  }
  return differences;
}

std::string DescribeRuns(const plan::Step& step, const CountRunsResponse& counts) {
  if (counts.programs().empty()) return "";
  std::vector<std::string> ran;
  for (const ProgramRuns& program : counts.programs()) {
    if (program.since_last_call() == 0) continue;
    ran.push_back(absl::StrCat(program.program(), " (", program.since_last_call(), ")"));
  }
  if (ran.empty() && !IsAboutSockets(step)) return "";
  return absl::StrCat("programs that ran in this step", IsOneCall(step) ? ": " : "'s last call: ",
                      ran.empty() ? "none" : absl::StrJoin(ran, ", "));
}

}  // namespace bpfrig::client::verdict
