// The global variables of a sandbox's objects by name, as SetGlobals and ReadGlobals mean them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/kernel_bpf/map/data_section.h"
#include "daemon/worker/objects/object_store.h"

namespace bpfrig::worker {

struct VariableReference {
  std::string object;
  const kernel_bpf::Map* section = nullptr;
  kernel_bpf::Variable variable;

  // "object/variable"
  [[nodiscard]] std::string FullName() const { return object + "/" + variable.name; }
};

// Of every object, in the order of loading.
[[nodiscard]] std::vector<VariableReference> AllVariables(const ObjectStore& objects);

// `variable` if one object alone has it, or `object/variable`. UNKNOWN_NAME if there is none, or more than
// one.
[[nodiscard]] absl::StatusOr<VariableReference> FindVariable(const ObjectStore& objects,
                                                             const std::string& name);

}  // namespace bpfrig::worker
