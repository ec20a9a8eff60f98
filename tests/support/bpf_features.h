// What some kernels lack, found out by trying: for tests that are skipped there.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace bpfrig::tests {

// Whether helpers can call a program's functions; the first that could came with Linux 5.13.
inline bool KernelHasCallbacks() {
  return libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCKET_FILTER, BPF_FUNC_for_each_map_elem, nullptr) == 1;
}

// Whether test runs of xdp programs take a context.
inline bool KernelRunsXdpWithContext() {
  std::array<bpf_insn, 2> code{};
  code[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
  code[0].imm = XDP_PASS;
  code[1].code = BPF_JMP | BPF_EXIT;
  const int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "context", "GPL", code.data(), code.size(), nullptr);
  EXPECT_GE(program, 0);
  std::array<char, 64> packet{};
  xdp_md context{};
  context.data_end = packet.size();
  bpf_test_run_opts run{};
  run.sz = sizeof(run);
  run.data_in = packet.data();
  run.data_size_in = packet.size();
  run.ctx_in = &context;
  run.ctx_size_in = sizeof(context);
  const int result = bpf_prog_test_run_opts(program, &run);
  close(program);
  EXPECT_TRUE(result == 0 || result == -EINVAL) << result;
  return result == 0;
}

// Whether the verifier's log begins with what the registers hold.
inline bool KernelLogsRegistersFirst() {
  std::array<bpf_insn, 1> code{};
  code[0].code = BPF_JMP | BPF_EXIT;  // without a value to return, so that it is refused
  std::array<char, 4096> log{};
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.log_level = 1;
  options.log_buf = log.data();
  options.log_size = log.size();
  const int program =
      bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "refused", "GPL", code.data(), code.size(), &options);
  EXPECT_LT(program, 0);
  return std::string(log.data()).find("R1=ctx") != std::string::npos;
}

}  // namespace bpfrig::tests

#define BPFRIG_SKIP_WITHOUT_CALLBACKS()       \
  if (!::bpfrig::tests::KernelHasCallbacks()) \
  GTEST_SKIP() << "this kernel calls no functions of programs from helpers"
