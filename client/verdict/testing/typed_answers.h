// Values that a BTF type gave, as tests of comparisons make them: of a byte, and of a struct of two.
#pragma once

#include <string>
#include <utility>

#include "bpfrig/v1/map.pb.h"

namespace bpfrig::client::verdict {

// A struct of two bytes, {a, b}; a negative number is a member that the plan did not name.
inline bpfrig::v1::ResolvedValue Pair(int a, int b) {
  bpfrig::v1::ResolvedValue resolved;
  for (const int member : {a, b}) {
    resolved.mutable_bytes()->push_back(static_cast<char>(member < 0 ? 0 : member));
    resolved.mutable_mask()->push_back(static_cast<char>(member < 0 ? 0 : 0xff));
  }
  auto* fields = resolved.mutable_decoded()->mutable_fields();
  for (const auto& [name, number] : {std::pair<const char*, int>("a", a), {"b", b}}) {
    auto* field = fields->add_fields();
    field->set_name(name);
    field->mutable_value()->set_unsigned_integer(static_cast<uint64_t>(number < 0 ? 0 : number));
  }
  return resolved;
}

inline bpfrig::v1::ResolvedValue Byte(int number) {
  bpfrig::v1::ResolvedValue resolved;
  resolved.mutable_bytes()->push_back(static_cast<char>(number));
  resolved.mutable_mask()->push_back('\xff');
  resolved.mutable_decoded()->set_unsigned_integer(static_cast<uint64_t>(number));
  return resolved;
}

inline bpfrig::v1::DumpedEntry Entry(int key, int a, int b) {
  bpfrig::v1::DumpedEntry entry;
  entry.set_raw_key(Byte(key).bytes());
  *entry.mutable_key() = Byte(key).decoded();
  entry.set_raw_value(Pair(a, b).bytes());
  *entry.mutable_value() = Pair(a, b).decoded();
  return entry;
}

inline bpfrig::v1::ResolvedEntry Pattern(int key, int a, int b) {
  bpfrig::v1::ResolvedEntry pattern;
  if (key >= 0) *pattern.mutable_key() = Byte(key);
  if (a >= 0 || b >= 0) *pattern.mutable_value() = Pair(a, b);
  return pattern;
}

}  // namespace bpfrig::client::verdict
