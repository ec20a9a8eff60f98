#include "daemon/kernel_bpf/policy/list.h"

#include <algorithm>

namespace bpfrig::kernel_bpf {

const std::vector<const LoadList*>& LoadLists() {
  static const auto* lists =
      new std::vector<const LoadList*>{&ProgramTypeList(), &MapTypeList(), &HelperList(), &KfuncList()};
  return *lists;
}

const LoadList& ListOf(LoadKind kind) { return *LoadLists()[static_cast<size_t>(kind)]; }

ListEntry FindInList(const LoadList& list, absl::string_view name) {
  for (const ListGroup& group : list.groups) {
    if (std::find(group.names.begin(), group.names.end(), name) == group.names.end()) continue;
    return {group.allowed, true, group.reason};
  }
  return {false, false, "the lists of this version do not know it"};
}

}  // namespace bpfrig::kernel_bpf
