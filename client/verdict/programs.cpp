#include "client/verdict/programs.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/verdict/answer.h"
#include "client/verdict/log_lines.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::RejectedObject;

// What the kernel said, for somebody who did not expect it.
std::string DescribeRejection(const RejectedObject& rejected, const std::string& log_file) {
  std::string text = absl::StrCat("rejected with ", rejected.errno_name());
  if (!rejected.program().empty()) absl::StrAppend(&text, ", program ", rejected.program());
  if (!rejected.map().empty()) absl::StrAppend(&text, ", map ", rejected.map());
  if (!rejected.hint().empty()) absl::StrAppend(&text, "\nhint: ", rejected.hint());
  const std::string lines = DecisiveLines(rejected.log());
  if (lines.empty()) return text;
  absl::StrAppend(&text, "\n", lines);
  const std::string where = WhereTheOthersAre(rejected.log(), rejected.log_truncated(), log_file);
  if (!where.empty()) absl::StrAppend(&text, "\n(", where, ")");
  return text;
}

// Says of an expected piece of a log that is not there where the log can be read.
void NoteLog(const std::string& log, const std::string& log_file, Differences& differences) {
  if (!IsLong(log)) return;
  for (Difference& difference : differences) {
    if (difference.field != "rejected.log" && difference.field != "rejected.log_contains" &&
        difference.field != "loaded.log")
      continue;
    absl::StrAppend(&difference.actual, "\n(", WhereTheLogIs(log_file), ")");
  }
}

// Names that no loaded program has.
void CompareNames(const std::vector<plan::Marked<std::string>>& names, absl::string_view key,
                  const bpfrig::v1::CloseSandboxResponse& ledger, Differences& differences) {
  for (const plan::Marked<std::string>& name : names) {
    std::vector<std::string> known;
    for (const bpfrig::v1::ProgramLedger& program : ledger.programs()) known.push_back(program.program());
    if (std::any_of(known.begin(), known.end(),
                    [&](const std::string& program) { return Names(name.value, program); })) {
      continue;
    }
    differences.push_back(
        {name.mark, absl::StrCat(key, ": ", name.value), "a program that was loaded",
         known.empty() ? "none was" : absl::StrCat("loaded were: ", absl::StrJoin(known, ", "))});
  }
}

}  // namespace

bool IsNamedBy(const std::vector<plan::Marked<std::string>>& names, const std::string& program) {
  return std::any_of(names.begin(), names.end(),
                     [&](const plan::Marked<std::string>& name) { return Names(name.value, program); });
}

bool Names(const std::string& name, const std::string& program) {
  return name == program || absl::EndsWith(program, absl::StrCat("/", name));
}

Differences CompareLoad(const plan::Call& call, const plan::Mark& mark,
                        const bpfrig::v1::LoadProgramResponse& response, const std::string& log_file) {
  const plan::Pattern* rejection = plan::FindPart(call.expected, "rejected");
  if (response.has_rejected() && rejection == nullptr) {
    return {{mark, "load", "the kernel takes the object", DescribeRejection(response.rejected(), log_file)}};
  }
  if (!response.has_rejected() && rejection != nullptr) {
    return {{rejection->node->mark, "rejected", "the kernel rejects the object", "it was loaded"}};
  }
  Differences differences = CompareAnswer(call, mark, response);
  NoteLog(response.has_rejected() ? response.rejected().log() : response.loaded().log(), log_file,
          differences);
  return differences;
}

std::string DescribeLog(const bpfrig::v1::LoadProgramResponse& response, const std::string& log_file) {
  const std::string& log = response.loaded().log();
  if (log.empty()) return "";
  const std::string where = WhereTheOthersAre(log, false, log_file);
  return absl::StrCat("the verifier's log", where.empty() ? "" : absl::StrCat(" (", where, ")"), ":\n",
                      DecisiveLines(log));
}

Differences CompareLedger(const plan::Test& test, const bpfrig::v1::CloseSandboxResponse& ledger) {
  Differences differences;
  for (const bpfrig::v1::ProgramLedger& program : ledger.programs()) {
    if (!program.attached() || !program.counted() || program.run_count() > 0) continue;
    if (IsNamedBy(test.may_not_run, program.program())) continue;
    differences.push_back({test.mark, absl::StrCat("program ", program.program()),
                           "it runs, as it is attached",
                           "it was attached but never ran; may_not_run can allow that"});
  }
  CompareNames(test.may_not_run, "may_not_run", ledger, differences);
  CompareNames(test.holds_without, "holds_without", ledger, differences);
  return differences;
}

}  // namespace bpfrig::client::verdict
