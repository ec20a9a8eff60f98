// InertPrograms: has libbpf load, in the place of some of an object's programs, ones of the same type that do
// nothing and let everything pass. ObjectLoader has one while it loads; a test that passes all the same shows
// nothing about the programs that are missing.
#pragma once

#include <linux/bpf.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct bpf_object;
struct bpf_prog_load_opts;
struct bpf_program;

namespace bpfrig::kernel_bpf {

class InertPrograms {
 public:
  // `object` is open as the one to load will be: its programs have their types. UNKNOWN_NAME if it lacks one
  // of the names; UNSUPPORTED for a type of which it is not known what lets things pass.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<InertPrograms>> Create(
      struct bpf_object* object, const std::vector<std::string>& names);
  // Until then, objects that are opened have the programs replaced when they are loaded.
  ~InertPrograms();
  InertPrograms(const InertPrograms&) = delete;
  InertPrograms& operator=(const InertPrograms&) = delete;

  // INTERNAL if libbpf loaded one of them as it is.
  [[nodiscard]] absl::Status CheckReplaced() const;

 private:
  InertPrograms() = default;
  [[nodiscard]] absl::Status Add(struct bpf_program* program);
  // Libbpf calls it with every program of the sections, relocated and about to be loaded.
  static int Prepare(struct bpf_program* program, struct bpf_prog_load_opts* options, long cookie);

  std::set<std::string> names_;
  std::set<std::string> replaced_;
  std::set<std::string> sections_;
  std::vector<int> handlers_;
};

// The whole program; empty for a type that it is not known of.
[[nodiscard]] std::vector<struct bpf_insn> InertInstructions(enum bpf_prog_type type,
                                                             enum bpf_attach_type attach_type);

}  // namespace bpfrig::kernel_bpf
