#include "client/plan/steps/step_list.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/plan/fields/field_reader.h"
#include "client/plan/fields/keys.h"
#include "client/plan/steps/deferred.h"
#include "client/plan/yaml/scalars.h"
#include "common/near_names.h"

namespace bpfrig::client::plan {
namespace {

// Far beyond any test; what pieces that use pieces could otherwise blow up without end.
constexpr size_t kMaxSteps = 10'000;

}  // namespace

std::vector<Step> StepListReader::Read(const NodePtr& list, absl::string_view what) {
  std::vector<Step> steps;
  // The whole list may be a name's.
  const size_t problems_before = problems_.Count();
  const NodePtr items = list->IsScalar() ? Substitute(list, scope_, problems_) : list;
  if (problems_.Count() != problems_before) return steps;
  ReadItems(items, what, "", steps);
  return steps;
}

void StepListReader::ReadItems(const NodePtr& list, absl::string_view what, const std::string& used_at,
                               std::vector<Step>& steps) {
  ReadList(list, what, problems_, [&](const NodePtr& item) { ReadItem(item, used_at, steps); });
  if (list->IsSequence() && list->items.empty()) {
    problems_.Add(list->mark, absl::StrCat(what, " is empty; at least one step was expected"));
  }
}

void StepListReader::ReadItem(const NodePtr& item, const std::string& used_at, std::vector<Step>& steps) {
  if (items_ == kMaxSteps) problems_.Add(item->mark, absl::StrCat("more than ", kMaxSteps, " steps"));
  if (++items_ > kMaxSteps) return;
  const size_t problems_before = problems_.Count();
  bool waits_for_captured = false;
  const NodePtr node = Substitute(item, scope_, problems_, &waits_for_captured);
  // What could not be replaced would only be complained of again.
  if (problems_.Count() != problems_before) return;
  if (const NodePtr use = node->IsMapping() ? FindKey(*node, "use") : nullptr) return Use(node, use, steps);
  const NodePtr typed = types_.AddTo(node);
  nodes_.push_back(typed);
  Step step = waits_for_captured ? ReadDeferredStep(typed, objects_, scope_.captured, problems_)
                                 : ReadStep(typed, *objects_, problems_);
  step.used_at = used_at;
  for (const Capture& capture : step.captures) {
    for (const NodePtr& names : {scope_.row, scope_.variables}) {
      if (names == nullptr || FindKey(*names, capture.name) == nullptr) continue;
      problems_.Add(capture.mark, absl::StrCat("${", capture.name,
                                               "} is known already, from vars, each or a "
                                               "piece's arguments: capture it under another name"));
    }
    scope_.captured.insert(capture.name);
  }
  steps.push_back(std::move(step));
}

NodePtr StepListReader::ReadArguments(const NodePtr& use, std::string& name, Mark& mark) {
  mark = use->mark;
  if (!use->IsMapping()) {
    name = ReadName(use, "use", problems_);
    return nullptr;
  }
  FieldReader fields(use, kUseKeys, problems_);
  if (NodePtr piece = fields.Require("piece")) {
    mark = piece->mark;
    name = ReadName(piece, "piece", problems_);
  }
  NodePtr with = fields.Find("with");
  if (with == nullptr || (with->IsMapping() && with->tag.empty())) return with;
  problems_.Add(with->mark, absl::StrCat("with must be a mapping of names to values, not ", Describe(*with)));
  return nullptr;
}

void StepListReader::Use(const NodePtr& step, const NodePtr& use, std::vector<Step>& steps) {
  for (const NodePair& pair : step->pairs) {
    if (pair.key->text == "use") continue;
    problems_.Add(pair.key->mark,
                  absl::StrCat("\"", pair.key->text, "\" beside use: a piece's steps have their own"));
  }
  std::string name;
  Mark mark;
  const NodePtr arguments = ReadArguments(use, name, mark);
  if (name.empty()) return;
  const auto piece = pieces_.find(name);
  if (piece == pieces_.end()) {
    std::vector<std::string> known;
    for (const auto& [other, list] : pieces_) known.push_back(other);
    problems_.Add(mark, absl::StrCat("there is no piece \"", name, "\"", common::DidYouMean(name, known),
                                     known.empty() ? "; the plan has no pieces:" : "; pieces: ",
                                     absl::StrJoin(known, ", ")));
    return;
  }
  if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
    problems_.Add(mark, absl::StrCat("piece ", name, " uses itself"));
    return;
  }
  open_.push_back(name);
  const NodePtr row = std::exchange(scope_.row, Overlay(arguments, scope_.row));
  ReadItems(piece->second, absl::StrCat("piece ", name), absl::StrCat(", used at ", ToString(step->mark)),
            steps);
  scope_.row = row;
  open_.pop_back();
}

}  // namespace bpfrig::client::plan
