// The types of a described object, as a plan names them and as values are written by them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/description.pb.h"

namespace bpfrig::client::check {

// One type. Borrows the description, which must outlive it.
struct TypeRef {
  const bpfrig::v1::ObjectDescription* object = nullptr;
  uint32_t id = 0;

  [[nodiscard]] bool IsKnown() const { return object != nullptr && id != 0; }
};

// What stands behind typedefs; null if that is not among the object's types.
[[nodiscard]] const bpfrig::v1::TypeDescription* Resolve(const TypeRef& type);

// As a plan names it: "frontend_key", "struct frontend_key", a typedef. Not known if there is none.
[[nodiscard]] TypeRef FindType(const bpfrig::v1::ObjectDescription& object, absl::string_view name);
// For a message about a name that is not there.
[[nodiscard]] std::vector<std::string> TypeNames(const bpfrig::v1::ObjectDescription& object);
// Whether a type that is not among the object's may still be in it.
[[nodiscard]] bool MayHaveMoreTypes(const bpfrig::v1::ObjectDescription& object);

// "struct frontend_key", "__u32", "array of 7 __u32"; "its type" for one without a name.
[[nodiscard]] std::string NameOf(const TypeRef& type);

}  // namespace bpfrig::client::check
