// ContextCodec: the context of a test run by the names of its fields, as RunProgram takes and gives it: laid
// out by the kernel's own type for programs of that kind.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bpfrig/v1/program.pb.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/program/program.h"
#include "daemon/kernel_bpf/program/run_context.h"
#include "daemon/worker/handlers/sandbox.h"

namespace bpfrig::worker {

class ContextCodec {
 public:
  // UNSUPPORTED if programs of that type have no context in a test run, or the kernel has no BTF.
  [[nodiscard]] static absl::StatusOr<ContextCodec> Open(Sandbox& sandbox,
                                                         const kernel_bpf::Program& program);

  // The bytes for the run. Errors have the request's fields.
  [[nodiscard]] absl::StatusOr<std::string> Encode(const Sandbox& sandbox,
                                                   const bpfrig::v1::RunProgramRequest& request) const;
  // What the program left, and the request's patterns.
  [[nodiscard]] absl::Status Decode(const Sandbox& sandbox, const bpfrig::v1::RunProgramRequest& request,
                                    const std::string& context,
                                    bpfrig::v1::RunProgramResponse& response) const;
  // A refusal of the run with what the kernel would take.
  [[nodiscard]] absl::Status Explain(const absl::Status& refused) const;

 private:
  ContextCodec(const kernel_bpf::RunContextType& context, kernel_bpf::TypeRef type)
      : context_(&context), type_(type) {}

  const kernel_bpf::RunContextType* context_;
  kernel_bpf::TypeRef type_;  // of the kernel's types, which the sandbox keeps
};

}  // namespace bpfrig::worker
