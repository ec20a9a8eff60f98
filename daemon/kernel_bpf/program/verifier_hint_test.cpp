#include "daemon/kernel_bpf/program/verifier_hint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace bpfrig::kernel_bpf {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string HintForLog(absl::string_view log, const LoadSituation& situation = {}) {
  Refusal refusal;
  refusal.error_number = EACCES;
  refusal.verifier_log = log;
  return HintFor(refusal, situation);
}

std::string HintForMap(absl::string_view type, int error_number) {
  Refusal refusal;
  refusal.error_number = error_number;
  refusal.is_map = true;
  refusal.map_type = type;
  return HintFor(refusal, {});
}

TEST(VerifierHintTest, KnowsWhatTheVerifierSays) {
  // As kernels 5.10 to 6.18 put it.
  const std::pair<const char*, const char*> kCases[] = {
      {"R0 invalid mem access 'map_value_or_null'", "bpf_map_lookup_elem"},
      {"R1 invalid mem access 'inv'", "bpf_probe_read_kernel"},
      {"R1 invalid mem access 'scalar'", "bpf_probe_read_kernel"},
      {"R0 invalid mem access 'rdonly_mem_or_null'", "NULL"},
      {"invalid bpf_context access off=100 size=4", "context field"},
      {"invalid access to packet, off=0 size=14, R1(id=0,off=0,r=0)", "data_end"},
      {"unreachable insn 5", "never run"},
      {"back-edge from insn 7 to 2", "bound"},
      {"BPF program is too large. Processed 1000001 insn", "million"},
      {"Unreleased reference id=2 alloc_insn=10", "bpf_sk_release"},
      {"At program exit the register R0 has smin=17 smax=17 should have been in [0, 1]", "has the range"},
      {"R0 !read_ok", "every path"},
      {"invalid indirect read from stack R2 off -8+4 size 8", "padding"},
      {"cannot call GPL-restricted function from non-GPL compatible program", "licence"},
      {"R2 unbounded memory access, use 'var &= const' or 'if (var < const)'", "bound"},
      {"math between map_value pointer and register with unbounded min value is not allowed", "from below"},
  };
  for (const auto& [log, hint] : kCases) EXPECT_THAT(HintForLog(log), HasSubstr(hint)) << log;
}

TEST(VerifierHintTest, SaysNothingWhenItKnowsNothing) { EXPECT_EQ(HintForLog("something new"), ""); }

TEST(VerifierHintTest, BlamesTheCapabilityOnlyWhenItIsMissing) {
  LoadSituation without;
  without.has_cap_perfmon = false;
  const char* old_wording = "unknown func bpf_snprintf#165";
  const char* new_wording = "program of this type cannot use helper bpf_trace_printk#6";
  EXPECT_THAT(HintForLog(old_wording, without), AllOf(HasSubstr("bpf_snprintf"), HasSubstr("CAP_PERFMON")));
  EXPECT_THAT(HintForLog(new_wording, without), HasSubstr("CAP_PERFMON"));
  EXPECT_THAT(HintForLog(old_wording),
              AllOf(HasSubstr("does not have that helper"), Not(HasSubstr("PERFMON"))));
  EXPECT_THAT(HintForLog("unknown func bpf_sk_assign#124", without), Not(HasSubstr("PERFMON")));
  EXPECT_THAT(HintForLog("R1 leaks addr into map", without), HasSubstr("CAP_PERFMON"));
}

TEST(VerifierHintTest, TellsTheCausesOfAnEpermApart) {
  Refusal refusal;
  refusal.error_number = EPERM;
  LoadSituation situation;
  EXPECT_THAT(HintFor(refusal, situation), HasSubstr("seccomp"));
  situation.has_cap_perfmon = false;
  EXPECT_THAT(HintFor(refusal, situation), HasSubstr("CAP_PERFMON"));
  situation.memlock_counts = true;
  EXPECT_THAT(HintFor(refusal, situation), HasSubstr("RLIMIT_MEMLOCK"));
  situation.has_cap_net_admin = false;
  EXPECT_THAT(HintFor(refusal, situation), HasSubstr("CAP_NET_ADMIN"));
  situation.has_cap_bpf = false;
  EXPECT_THAT(HintFor(refusal, situation), HasSubstr("CAP_BPF"));
}

TEST(VerifierHintTest, KnowsWhatMapsNeed) {
  EXPECT_THAT(HintForMap("sk_storage", EINVAL), HasSubstr("BPF_F_NO_PREALLOC"));
  EXPECT_THAT(HintForMap("ringbuf", EINVAL), HasSubstr("power of two"));
  EXPECT_THAT(HintForMap("hash_of_maps", EINVAL), HasSubstr("inner_map"));
  EXPECT_THAT(HintForMap("hash", ENOMEM), HasSubstr("max_entries"));
  EXPECT_EQ(HintForMap("hash", EEXIST), "");
}

TEST(VerifierHintTest, SaysThatTheKernelLacksATypeOfMap) {
  Refusal refusal;
  refusal.error_number = EINVAL;
  refusal.is_map = true;
  refusal.map_type = "cgrp_storage";
  refusal.lacks_map_type = true;
  EXPECT_THAT(HintFor(refusal, {}), HasSubstr("this kernel has no maps of type cgrp_storage"));
}

TEST(VerifierHintTest, NamesTheSizesThatNobodySet) {
  Refusal refusal;
  refusal.error_number = EINVAL;
  refusal.is_map = true;
  refusal.map_type = "hash";
  refusal.map_unset = "key_size, max_entries";
  EXPECT_THAT(HintFor(refusal, {}),
              HasSubstr("leaves to its loader: key_size, max_entries; say it in maps:"));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
