// Replacements: single instructions of an object's programs that are loaded in the place of its own, so that
// a test can be seen with a changed program. ObjectLoader checks and judges them once the object is
// rehearsed, and has the hooks put them in.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "daemon/kernel_bpf/object/load_hooks.h"
#include "daemon/kernel_bpf/object/object_code.h"
#include "daemon/kernel_bpf/object/object_spec.h"
#include "daemon/kernel_bpf/object/opened_object.h"

namespace bpfrig::kernel_bpf {

// Of eight bytes.
[[nodiscard]] struct bpf_insn InstructionOf(const InstructionReplacement& replacement);

class Replacements {
 public:
  // None.
  Replacements() = default;
  // Those of the spec. `rehearsed` is the object with its programs relocated, and `code` what its file has.
  // UNKNOWN_NAME, OUT_OF_RANGE, INVALID_FIELD with the field; UNSUPPORTED as PartsOf.
  [[nodiscard]] static absl::StatusOr<Replacements> Check(const ObjectSpec& spec,
                                                          const OpenedObject& rehearsed,
                                                          const absl::StatusOr<ObjectCode>& code);

  // The program as it will be loaded.
  [[nodiscard]] std::vector<struct bpf_insn> Apply(const std::string& program,
                                                   absl::Span<const struct bpf_insn> instructions) const;
  // `object` is open as the one to load will be.
  [[nodiscard]] absl::Status AddTo(LoadHooks& hooks, struct bpf_object* object) const;

 private:
  using OfProgram = std::map<uint32_t, struct bpf_insn>;  // by index

  [[nodiscard]] absl::Status Add(const InstructionReplacement& replacement,
                                 const struct bpf_program* program);
  [[nodiscard]] absl::Status CheckRelocated(const ObjectSpec& spec, const OpenedObject& rehearsed,
                                            const ObjectCode& code) const;

  std::map<std::string, OfProgram> programs_;
};

}  // namespace bpfrig::kernel_bpf
