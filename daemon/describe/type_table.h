// The types of an object's BTF, or of its DWARF as BTF, in its description: each once, with those that it is
// made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "bpfrig/v1/description.pb.h"

struct btf;

namespace bpfrig::describe {

class TypeTable {
 public:
  // Borrows both. Without BTF there are no types. Goes on behind the types that are described already.
  TypeTable(const struct btf* btf, v1::ObjectDescription& out)
      : btf_(btf), out_(out), before_(static_cast<size_t>(out.types_size())) {}

  // The id in the description; 0 for void, a function, or one too many.
  uint32_t Add(uint32_t btf_id);
  // All that a plan can name.
  void AddNamed();
  // Describes all that was added. Call it last.
  void Finish();

 private:
  void Describe(uint32_t btf_id, v1::TypeDescription& out);
  void DescribeMembers(uint32_t btf_id, v1::TypeDescription& out);

  const struct btf* btf_;
  v1::ObjectDescription& out_;
  const size_t before_;
  std::map<uint32_t, uint32_t> ids_;  // by BTF id, without modifiers
  std::vector<uint32_t> added_;       // BTF ids, in the description's order
  size_t members_left_ = 200'000;     // members and enumerators of all types
};

}  // namespace bpfrig::describe
