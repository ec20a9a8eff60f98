// Refusals: judges an object's parts by a LoadPolicy and gathers what it does not allow, so that one error
// names all of it and the flag that would. OpenedObject asks about types, before anything is in the kernel;
// ObjectLoader about calls.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "daemon/kernel_bpf/policy/calls.h"
#include "daemon/kernel_bpf/policy/kernel_functions.h"
#include "daemon/kernel_bpf/policy/load_policy.h"

namespace bpfrig::kernel_bpf {

class Refusals {
 public:
  // Borrows the policy.
  explicit Refusals(const LoadPolicy& policy) : policy_(policy) {}

  // `field` is the request's that says so.
  void JudgeProgramType(absl::string_view program, uint32_t type, absl::string_view field);
  void JudgeMapType(absl::string_view map, uint32_t type);
  void JudgeCalls(absl::string_view program, absl::Span<const bpf_insn> instructions,
                  KernelFunctions& functions);

  // NOT_ALLOWED about the first, with a hint about all; OK if there is none.
  [[nodiscard]] absl::Status status() const;

 private:
  struct Refusal {
    std::string object;    // the program's or map's name
    std::string sentence;  // "program "x" calls the kfunc y, which is not allowed: it ..."
    std::string field;
    std::string flag_name;  // empty if no flag allows it
  };

  void Judge(LoadKind kind, absl::string_view name, absl::string_view object, absl::string_view does,
             absl::string_view field);
  void JudgeKfunc(absl::string_view program, const Call& call, KernelFunctions& functions);
  void Refuse(Refusal refusal);

  const LoadPolicy& policy_;
  std::vector<Refusal> refusals_;
};

}  // namespace bpfrig::kernel_bpf
