#include "tests/kernel/what_may_load.h"

#include <bpf/btf.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <functional>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr char kMark[] = "<!-- tables, made by kernel_bpf_kernel_test -->\n";

// The values of an enum of the kernel's but 0, which is nothing, and its end marks.
std::vector<uint32_t> Enumerators(const struct btf* btf, const char* name) {
  std::set<uint32_t> values;
  const int id = btf__find_by_name_kind(btf, name, BTF_KIND_ENUM);
  EXPECT_GT(id, 0) << name;
  if (id <= 0) return {};
  const struct btf_type* type = btf__type_by_id(btf, static_cast<uint32_t>(id));
  for (uint16_t i = 0; i < btf_vlen(type); ++i) {
    const struct btf_enum& enumerator = btf_enum(type)[i];
    if (enumerator.val == 0) continue;
    const std::string enumerator_name = btf__name_by_offset(btf, enumerator.name_off);
    if (absl::StartsWith(enumerator_name, "__")) continue;
    values.insert(static_cast<uint32_t>(enumerator.val));
  }
  return {values.begin(), values.end()};
}

std::set<std::string> NamesOf(const std::vector<uint32_t>& numbers,
                              const std::function<std::string(uint32_t)>& name_of) {
  std::set<std::string> names;
  for (const uint32_t number : numbers) names.insert(name_of(number));
  return names;
}

std::set<std::string> NamesOf(LoadKind kind, const KernelContents& contents) {
  switch (kind) {
    case LoadKind::kProgramType:
      return NamesOf(contents.program_types, ProgramTypeNameOf);
    case LoadKind::kMapType:
      return NamesOf(contents.map_types, MapTypeNameOf);
    case LoadKind::kHelper:
      return NamesOf(contents.helpers, HelperNameOf);
    case LoadKind::kKfunc:
      break;
  }
  std::set<std::string> names;
  for (const auto& [name, id] : contents.kfuncs) names.insert(name);
  return names;
}

// "Linux 6.18"
std::string KernelVersion() {
  struct utsname name {};
  EXPECT_EQ(::uname(&name), 0);
  const std::string release = name.release;
  return "Linux " + release.substr(0, release.find('.', release.find('.') + 1));
}

std::string Row(const ListGroup& group) {
  return absl::StrCat(
      "| ", group.allowed ? "yes" : "**no**", " | ", group.reason, " | ",
      absl::StrJoin(group.names, ", ",
                    [](std::string* out, absl::string_view name) { absl::StrAppend(out, "`", name, "`"); }),
      " |\n");
}

}  // namespace

KernelContents WhatMayLoad() {
  KernelFunctions functions;
  const struct btf* btf = functions.btf();
  EXPECT_NE(btf, nullptr);
  if (btf == nullptr) return {};
  KernelContents contents;
  contents.program_types = Enumerators(btf, "bpf_prog_type");
  contents.map_types = Enumerators(btf, "bpf_map_type");
  contents.helpers = Enumerators(btf, "bpf_func_id");
  contents.kfuncs = functions.Kfuncs();
  if (!contents.kfuncs.empty()) return contents;
  for (const ListGroup& group : KfuncList().groups) {
    for (const absl::string_view name : group.names) {
      const int id = btf__find_by_name_kind(btf, std::string(name).c_str(), BTF_KIND_FUNC);
      if (id > 0) contents.kfuncs.emplace(name, id);
    }
  }
  return contents;
}

std::string WithTables(const std::string& page, const KernelContents& contents) {
  std::string result = page.substr(0, page.find(kMark)) + kMark;
  for (const LoadList* list : LoadLists()) {
    absl::StrAppend(&result, "\n## ", list->noun, "s\n| allowed | because | names |\n|---|---|---|\n");
    for (const ListGroup& group : list->groups) result += Row(group);
    ListGroup unlisted{false, "the lists do not know it", {}};
    const std::set<std::string> names = NamesOf(list->kind, contents);
    for (const std::string& name : names) {
      if (!FindInList(*list, name).listed) unlisted.names.emplace_back(name);
    }
    if (!unlisted.names.empty()) result += Row(unlisted);
  }
  if (!contents.kfuncs.empty()) {
    absl::StrAppend(&result, "\nNames that the lists do not know are those of ", KernelVersion(), ".\n");
  }
  return result;
}

std::vector<std::string> Differences(const std::string& page, const KernelContents& contents) {
  std::vector<std::string> differences;
  const size_t start = page.find(kMark);
  if (start == std::string::npos) return {"the page has no mark for its tables"};
  // The lists themselves are the same everywhere.
  std::istringstream wanted(WithTables("", KernelContents{}));
  for (std::string line; std::getline(wanted, line);) {
    if (page.find(line + "\n", start) == std::string::npos) differences.push_back("missing: " + line);
  }
  if (!absl::StrContains(page, absl::StrCat("are those of ", KernelVersion(), "."))) return differences;
  for (const LoadList* list : LoadLists()) {
    for (const std::string& name : NamesOf(list->kind, contents)) {
      if (FindInList(*list, name).listed) continue;
      if (page.find("`" + name + "`", start) != std::string::npos) continue;
      differences.push_back(absl::StrCat("not known: ", list->word, ":", name));
    }
  }
  return differences;
}

}  // namespace bpfrig::kernel_bpf
