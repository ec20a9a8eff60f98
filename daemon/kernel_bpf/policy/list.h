// The lists of what may load, one for each kind of thing: what is in them, what the kernel calls it, and why
// it may or may not. LoadPolicy looks things up here; docs/what-may-load.md has a table made from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

enum class LoadKind { kProgramType, kMapType, kHelper, kKfunc };

// Names that may load, or may not, for one and the same reason. The reason goes on after "because".
struct ListGroup {
  bool allowed;
  const char* reason;
  std::vector<absl::string_view> names;
};

struct LoadList {
  LoadKind kind;
  // As the operator writes it: "program-type".
  const char* word;
  // As a sentence calls it: "program type".
  const char* noun;
  std::vector<ListGroup> groups;
};

// What the list says of a name.
struct ListEntry {
  bool allowed = false;
  // False: no group has the name, so it is not allowed.
  bool listed = false;
  const char* reason = "";
};

// In the order of LoadKind.
[[nodiscard]] const std::vector<const LoadList*>& LoadLists();
[[nodiscard]] const LoadList& ListOf(LoadKind kind);
[[nodiscard]] ListEntry FindInList(const LoadList& list, absl::string_view name);

[[nodiscard]] const LoadList& ProgramTypeList();
[[nodiscard]] const LoadList& MapTypeList();
[[nodiscard]] const LoadList& HelperList();
[[nodiscard]] const LoadList& KfuncList();

// The names that the lists use, by the kernel's numbers: "sock_ops", "sockhash", "bpf_bind"; "42" if there is
// none.
[[nodiscard]] std::string ProgramTypeNameOf(uint32_t type);
[[nodiscard]] std::string MapTypeNameOf(uint32_t type);
[[nodiscard]] std::string HelperNameOf(uint32_t id);

}  // namespace bpfrig::kernel_bpf
