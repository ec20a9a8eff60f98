// LoadPolicy: what may load: the lists of list.h, and what the operator allowed beside them by --allow-load.
// main reads the flag with it; the worker's ObjectLoader asks it, by way of Refusals.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/policy/list.h"

namespace bpfrig::kernel_bpf {

// What the operator's flag is called.
inline constexpr char kAllowLoadFlag[] = "--allow-load";

class LoadPolicy {
 public:
  // The lists alone.
  LoadPolicy() = default;
  // The lists, and these, each as `kind:name`: "kfunc:bpf_task_from_pid". UNKNOWN_NAME, with those that were
  // probably meant, for what neither a list nor, if it is a kfunc, this kernel knows.
  [[nodiscard]] static absl::StatusOr<LoadPolicy> Allowing(const std::vector<std::string>& names);
  // The same for names that were checked in another process.
  [[nodiscard]] static LoadPolicy AllowingChecked(const std::vector<std::string>& names);

  [[nodiscard]] bool Allows(LoadKind kind, absl::string_view name) const;

 private:
  std::set<std::string> extra_;  // as kind:name
};

// "kfunc:bpf_task_from_pid"
[[nodiscard]] std::string FlagNameOf(LoadKind kind, absl::string_view name);

}  // namespace bpfrig::kernel_bpf
