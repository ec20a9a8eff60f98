#include "daemon/kernel_bpf/object/inert_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/near_names.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/instruction.h"

namespace bpfrig::kernel_bpf {
namespace {

// Not in the headers of Debian 12 (6.1); since 6.4.
constexpr int kNetfilter = 32;
constexpr int kNfAccept = 1;
// In the kernel since 6.1; before, it is an answer like any other that is not BPF_OK.
constexpr int kFlowDissectorContinue = 129;
// TC_ACT_UNSPEC: as if no program were there; TCX_NEXT is the same number.
constexpr int kTcUnspec = -1;

// What a program of the type answers if it minds nothing. cgroup programs say 1 for "go on"; some may not say
// anything else (recvmsg, getpeername).
std::optional<int> PassingAnswer(enum bpf_prog_type type) {
  if (static_cast<int>(type) == kNetfilter) return kNfAccept;
  switch (type) {
    case BPF_PROG_TYPE_SOCKET_FILTER:
      return -1;  // Bytes to keep.
    case BPF_PROG_TYPE_SCHED_CLS:
    case BPF_PROG_TYPE_SCHED_ACT:
      return kTcUnspec;
    case BPF_PROG_TYPE_XDP:
      return XDP_PASS;
    case BPF_PROG_TYPE_CGROUP_SKB:
    case BPF_PROG_TYPE_CGROUP_SOCK:
    case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
    case BPF_PROG_TYPE_CGROUP_SOCKOPT:
    case BPF_PROG_TYPE_CGROUP_SYSCTL:
    case BPF_PROG_TYPE_CGROUP_DEVICE:
    case BPF_PROG_TYPE_SOCK_OPS:
      return 1;
    case BPF_PROG_TYPE_SK_SKB:
    case BPF_PROG_TYPE_SK_MSG:
    case BPF_PROG_TYPE_SK_LOOKUP:
    case BPF_PROG_TYPE_SK_REUSEPORT:
      return SK_PASS;
    case BPF_PROG_TYPE_FLOW_DISSECTOR:
      return kFlowDissectorContinue;
    case BPF_PROG_TYPE_LWT_IN:
    case BPF_PROG_TYPE_LWT_OUT:
    case BPF_PROG_TYPE_LWT_XMIT:
    case BPF_PROG_TYPE_LWT_SEG6LOCAL:
      return BPF_OK;
    default:
      return std::nullopt;
  }
}

absl::Status LoadInert(struct bpf_program* program, LoadHooks& hooks) {
  const enum bpf_prog_type type = bpf_program__type(program);
  const enum bpf_attach_type attach_type = bpf_program__expected_attach_type(program);
  if (InertInstructions(type, attach_type).empty()) {
    return base::MakeError(base::Reason::kUnsupported,
                           absl::StrCat("replacing ", bpf_program__name(program),
                                        " by a program that does nothing: it is not known "
                                        "what such a program would answer for its type"));
  }
  return hooks.Add(program, [](struct bpf_program* loading, struct bpf_prog_load_opts& options) {
    std::vector<struct bpf_insn> instructions =
        InertInstructions(bpf_program__type(loading), bpf_program__expected_attach_type(loading));
    // They describe the instructions that were there.
    options.func_info_cnt = 0;
    options.line_info_cnt = 0;
    return bpf_program__set_insns(loading, instructions.data(), instructions.size());
  });
}

absl::Status UnknownProgram(struct bpf_object* object, const std::string& name) {
  std::vector<std::string> names;
  struct bpf_program* program = nullptr;
  while ((program = bpf_object__next_program(object, program)) != nullptr) {
    names.emplace_back(bpf_program__name(program));
  }
  return base::MakeError(base::Reason::kUnknownName,
                         absl::StrCat("the object has no program \"", name, "\"; it has ",
                                      common::NamesNear(name, std::move(names))));
}

}  // namespace

std::vector<struct bpf_insn> InertInstructions(enum bpf_prog_type type, enum bpf_attach_type attach_type) {
  const std::optional<int> answer = PassingAnswer(type);
  if (!answer) return {};
  const struct bpf_insn exit = MakeInstruction(BPF_JMP | BPF_EXIT);
  // A parser answers how long the message is: all that is there. `len` is the context's first field.
  static_assert(offsetof(struct __sk_buff, len) == 0);
  if (type == BPF_PROG_TYPE_SK_SKB && attach_type == BPF_SK_SKB_STREAM_PARSER) {
    return {MakeInstruction(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_0, BPF_REG_1), exit};
  }
  return {MakeInstruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, *answer), exit};
}

absl::Status MakeInert(struct bpf_object* object, const std::vector<std::string>& names, LoadHooks& hooks) {
  for (size_t i = 0; i < names.size(); ++i) {
    struct bpf_program* program = bpf_object__find_program_by_name(object, names[i].c_str());
    const absl::Status added =
        program == nullptr ? UnknownProgram(object, names[i]) : LoadInert(program, hooks);
    if (!added.ok()) return base::WithField(added, absl::StrCat("inert_programs[", i, "]"));
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::kernel_bpf
