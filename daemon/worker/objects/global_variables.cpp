#include "daemon/worker/objects/global_variables.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/worker/call/names.h"

namespace bpfrig::worker {

std::vector<VariableReference> AllVariables(const ObjectStore& objects) {
  std::vector<VariableReference> all;
  for (const MapReference& map : objects.AllMaps()) {
    for (kernel_bpf::Variable& variable : kernel_bpf::VariablesOf(*map.map)) {
      variable.type = objects.Whole(map.object, variable.type);
      all.push_back({map.object, map.map, std::move(variable)});
    }
  }
  return all;
}

absl::StatusOr<VariableReference> FindVariable(const ObjectStore& objects, const std::string& name) {
  const QualifiedName wanted = SplitName(name);
  std::vector<VariableReference> matches;
  std::vector<std::string> match_names;
  std::vector<std::string> existing;
  for (VariableReference& candidate : AllVariables(objects)) {
    existing.push_back(candidate.FullName());
    if (candidate.variable.name != wanted.name) continue;
    if (!wanted.object.empty() && candidate.object != wanted.object) continue;
    match_names.push_back(existing.back());
    matches.push_back(std::move(candidate));
  }
  if (matches.empty()) return UnknownName("global variable", name, existing);
  if (matches.size() == 1) return std::move(matches.front());
  if (match_names.front() != match_names.back()) return AmbiguousName("global variable", name, match_names);
  return base::MakeError(base::Reason::kUnknownName,
                         absl::StrCat("looking up the global variable '", name,
                                      "': the object has several static ones that are called so"));
}

}  // namespace bpfrig::worker
