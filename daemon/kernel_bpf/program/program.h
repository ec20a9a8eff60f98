// Program: one loaded program of a BpfObject, which owns it. The worker lists, counts, attaches (link.h) and
// test-runs it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

// The kernel's information on a loaded program.
struct ProgramInfo {
  uint32_t id = 0;
  // Instructions after the kernel's rewriting; 0 if the kernel does not tell it (CAP_PERFMON missing).
  uint32_t instruction_count = 0;
  // 0 unless somebody holds BPF_ENABLE_STATS.
  uint64_t run_count = 0;
};

struct TestRunInput {
  absl::string_view data;
  // Empty for none.
  absl::string_view context;
  // 0 counts as 1.
  uint32_t repeat = 1;
};

struct TestRunOutput {
  uint32_t return_value = 0;
  std::string data;
  std::string context;
  // Mean of one run.
  uint32_t duration_ns = 0;
};

class Program {
 public:
  // `fd` is the program's, borrowed from the BpfObject; `type` a bpf_prog_type, `attach_type` the
  // bpf_attach_type that it expects.
  Program(std::string name, std::string section, int fd, uint32_t type, uint32_t attach_type);

  [[nodiscard]] const std::string& name() const { return name_; }
  // The ELF section it came from.
  [[nodiscard]] const std::string& section() const { return section_; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] uint32_t type() const { return type_; }
  [[nodiscard]] uint32_t attach_type() const { return attach_type_; }
  // As libbpf calls it: "cgroup_sock_addr".
  [[nodiscard]] std::string type_name() const;

  [[nodiscard]] absl::StatusOr<ProgramInfo> Info() const;
  // BPF_PROG_TEST_RUN. UNSUPPORTED for types that the kernel cannot test-run.
  [[nodiscard]] absl::StatusOr<TestRunOutput> TestRun(const TestRunInput& input) const;

 private:
  std::string name_;
  std::string section_;
  int fd_;  // borrowed from the BpfObject
  uint32_t type_;
  uint32_t attach_type_;
};

}  // namespace bpfrig::kernel_bpf
