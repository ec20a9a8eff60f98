// ObjectLoader: loads one object, and on a refusal gets the true error and the end of the verifier's log,
// however long that is. BpfObject::Load is its only caller.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/kernel_bpf/object/bpf_object.h"
#include "daemon/kernel_bpf/object/legacy_maps.h"
#include "daemon/kernel_bpf/object/load_hooks.h"
#include "daemon/kernel_bpf/object/object_code.h"
#include "daemon/kernel_bpf/object/object_spec.h"
#include "daemon/kernel_bpf/object/opened_object.h"
#include "daemon/kernel_bpf/object/replacements.h"
#include "daemon/kernel_bpf/policy/kernel_functions.h"
#include "daemon/kernel_bpf/program/verifier_log.h"

namespace bpfrig::kernel_bpf {

class ObjectLoader {
 public:
  // Borrows what the spec does.
  explicit ObjectLoader(ObjectSpec spec)
      : spec_(std::move(spec)), kept_log_(spec_.max_log_bytes != 0 ? spec_.max_log_bytes : kKeptLog) {}
  [[nodiscard]] absl::StatusOr<LoadOutcome> Run();

 private:
  // One try and its outcome.
  struct Attempt {
    OpenedObject object;
    LogMemory logs;
    std::vector<std::string> programs;  // in the order of the logs
    int error = 0;                      // negative, or 0 if it is in the kernel
    std::string libbpf_output;
    std::string refused_program;
    std::string refused_map;

    [[nodiscard]] absl::string_view RefusedLog() const;
  };

  // Checks the object's bytes, and makes them ones that this libbpf takes.
  [[nodiscard]] absl::Status Prepare();
  // Relocates the object without loading it, checks the replacements, and plans what is recorded; NOT_ALLOWED
  // if a program calls what it may not. An error in the attempt is that of relocating.
  [[nodiscard]] absl::StatusOr<Attempt> RehearseAndJudge();
  // The object as it will be, without what makes maps.
  [[nodiscard]] absl::StatusOr<OpenedObject> OpenBare() const;
  // Has inert programs, replacements and marks of what runs put in by hooks.
  [[nodiscard]] absl::Status AddHooks();
  // By the instructions that the kernel is given, replacements included.
  [[nodiscard]] absl::Status JudgeCalls(const OpenedObject& object);
  // The same error with the first replacement that it is about as its field, if it is about one.
  [[nodiscard]] absl::Status BlameReplacement(const absl::Status& refused);
  [[nodiscard]] absl::StatusOr<Attempt> Try(uint32_t log_level, size_t log_size) const;
  [[nodiscard]] absl::StatusOr<LoadOutcome> AfterFullLog(Attempt first);
  [[nodiscard]] absl::StatusOr<LoadOutcome> Finish(Attempt attempt, std::string log);
  [[nodiscard]] LoadOutcome Reject(const Attempt& attempt, int error, absl::string_view log, bool cut) const;
  [[nodiscard]] std::string CollectLogs(const Attempt& attempt) const;

  ModernObject modern_;  // if its maps had to be declared anew
  ObjectSpec spec_;
  const size_t kept_log_;
  KernelFunctions functions_;
  // Of the object's bytes as they were prepared. An error matters to those who ask for it.
  absl::StatusOr<ObjectCode> code_;
  Replacements replacements_;                  // used by the hooks
  std::unique_ptr<ExecutionRecord> executed_;  // the same; null unless the spec asks for it
  // Null if no program is changed.
  std::unique_ptr<LoadHooks> hooks_;
};

}  // namespace bpfrig::kernel_bpf
