#include "daemon/kernel_bpf/policy/load_policy.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/near_names.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/policy/kernel_functions.h"

namespace bpfrig::kernel_bpf {
namespace {

absl::Status Unknown(absl::string_view name, std::vector<std::string> known) {
  return base::MakeError(
      base::Reason::kUnknownName,
      absl::StrCat(kAllowLoadFlag, " ", name, ": there is no such thing to allow; the nearest: ",
                   common::NamesNear(name, std::move(known), 3)));
}

absl::Status CheckName(absl::string_view name) {
  std::vector<std::string> known;
  for (const LoadList* list : LoadLists()) {
    absl::string_view bare = name;
    const bool is_of_kind = absl::ConsumePrefix(&bare, absl::StrCat(list->word, ":"));
    for (const ListGroup& group : list->groups) {
      for (absl::string_view entry : group.names) known.push_back(absl::StrCat(list->word, ":", entry));
    }
    if (!is_of_kind) continue;
    if (FindInList(*list, bare).listed) return absl::OkStatus();
    // A kernel newer than the list may have more.
    if (list->kind == LoadKind::kKfunc && KernelFunctions().Has(bare)) return absl::OkStatus();
  }
  return Unknown(name, std::move(known));
}

}  // namespace

absl::StatusOr<LoadPolicy> LoadPolicy::Allowing(const std::vector<std::string>& names) {
  for (const std::string& name : names) BPFRIG_RETURN_IF_ERROR(CheckName(name));
  return AllowingChecked(names);
}

LoadPolicy LoadPolicy::AllowingChecked(const std::vector<std::string>& names) {
  LoadPolicy policy;
  policy.extra_.insert(names.begin(), names.end());
  return policy;
}

bool LoadPolicy::Allows(LoadKind kind, absl::string_view name) const {
  return FindInList(ListOf(kind), name).allowed || extra_.count(FlagNameOf(kind, name)) != 0;
}

std::string FlagNameOf(LoadKind kind, absl::string_view name) {
  return absl::StrCat(ListOf(kind).word, ":", name);
}

}  // namespace bpfrig::kernel_bpf
