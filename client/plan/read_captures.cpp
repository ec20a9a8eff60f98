#include "client/plan/read_captures.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bpfrig/v1/program.pb.h"
#include "client/plan/rows.h"
#include "client/plan/scalars.h"
#include "common/near_names.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::plan {
namespace {

// What a path can begin with: the answer's fields, of `globals` the variables.
std::vector<std::string> PartsOf(const Step& step) {
  if (std::holds_alternative<GlobalsShape>(step.shape)) {
    const auto& variables = As<bpfrig::v1::ReadGlobalsRequest>(*step.call.request).names();
    return {variables.begin(), variables.end()};
  }
  const google::protobuf::Descriptor& answer = *step.call.method->output_type();
  std::vector<std::string> names;
  for (int i = 0; i < answer.field_count(); ++i) {
    const auto& field = *answer.field(i);
    if (!rules::IsHidden(field)) names.push_back(rules::PlanName(field));
  }
  return names;
}

}  // namespace

std::vector<Capture> ReadCaptures(const NodePtr& node, const Step& step, Problems& problems) {
  std::vector<Capture> captures;
  if (!node->IsMapping() || !node->tag.empty() || node->pairs.empty()) {
    problems.Add(node->mark,
                 absl::StrCat("capture must be a mapping of names to parts of the answer, such as "
                              "{port: local.port}, not ",
                              node->IsMapping() && node->tag.empty() ? "an empty one" : Describe(*node)));
    return captures;
  }
  const std::vector<std::string> fields = PartsOf(step);
  for (const NodePair& pair : node->pairs) {
    Capture capture{pair.key->text, pair.value->mark, ReadText(pair.value, "capture", problems)};
    if (!IsVariableName(capture.name)) {
      problems.Add(pair.key->mark, absl::StrCat("a captured name must be letters, digits and '_', not \"",
                                                capture.name, "\""));
    }
    const std::string first = capture.path.substr(0, capture.path.find_first_of(".["));
    if (!capture.path.empty() && std::find(fields.begin(), fields.end(), first) == fields.end()) {
      problems.Add(
          pair.value->mark,
          absl::StrCat("the answer has no \"", first, "\"", common::DidYouMean(first, fields),
                       fields.empty() ? "; it is empty" : "; it has: ", absl::StrJoin(fields, ", ")));
    }
    captures.push_back(std::move(capture));
  }
  return captures;
}

}  // namespace bpfrig::client::plan
