// What verifier and libbpf say, read for the end that is kept and for a hint.
#include <cstdlib>
#include <string>

#include "daemon/kernel_bpf/program/verifier_hint.h"
#include "daemon/kernel_bpf/program/verifier_log.h"
#include "tests/fuzz/input.h"

namespace bpfrig::fuzz {
namespace {

using kernel_bpf::kKeptLog;

void Keep(const std::string& log) {
  bool cut = false;
  const std::string end = kernel_bpf::LogEnd(log, kKeptLog, cut);
  if (end.size() > kKeptLog || cut != (end.size() < log.size())) std::abort();
  if (log.compare(log.size() - end.size(), end.size(), end) != 0) std::abort();
}

}  // namespace
}  // namespace bpfrig::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace kernel_bpf = bpfrig::kernel_bpf;
  bpfrig::fuzz::Input input(data, size);
  kernel_bpf::Refusal refusal;
  refusal.error_number = input.Byte();
  const uint8_t flags = input.Byte();
  refusal.is_map = (flags & 1) != 0;
  refusal.map_type = input.Take(input.Byte() % 32);
  refusal.libbpf_output = input.Take(input.Number(2) % 1024);
  std::string log(input.rest());
  // Past the size that is kept whole, too.
  while ((flags & 2) != 0 && !log.empty() && log.size() <= kernel_bpf::kKeptLog) log += log;
  refusal.verifier_log = log;
  bpfrig::fuzz::Keep(log);
  (void)kernel_bpf::HasLogEnd(log);
  kernel_bpf::LoadSituation situation;
  situation.has_cap_bpf = (flags & 4) != 0;
  situation.has_cap_perfmon = (flags & 8) != 0;
  situation.has_cap_net_admin = (flags & 16) != 0;
  situation.memlock_counts = (flags & 32) != 0;
  (void)kernel_bpf::HintFor(refusal, situation);
  return 0;
}
