#include "tests/e2e/kill_object.h"

#include <signal.h>

#include "daemon/kernel_bpf/policy/kernel_functions.h"
#include "tests/support/bpf_elf.h"

namespace bpfrig::tests {
namespace {

constexpr int kThreadGroup = 1;  // PIDTYPE_TGID

int32_t IdOf(const std::string& kfunc) {
  kernel_bpf::KernelFunctions functions;
  const auto kfuncs = functions.Kfuncs();
  const auto found = kfuncs.find(kfunc);
  return found == kfuncs.end() ? 0 : found->second;
}

}  // namespace

bool KernelCanKill() { return IdOf("bpf_send_signal_task") != 0; }

std::string KillObject(pid_t target) {
  return MakeBpfElf("cgroup/connect4",
                    {SetRegister(1, target), CallKfunc(IdOf("bpf_task_from_pid")), SkipIfZero(0, 8),
                     CopyRegister(6, 0), CopyRegister(1, 6), SetRegister(2, SIGKILL),
                     SetRegister(3, kThreadGroup), SetRegister(4, 0), CallKfunc(IdOf("bpf_send_signal_task")),
                     CopyRegister(1, 6), CallKfunc(IdOf("bpf_task_release")), SetRegister(0, 1), Exit()});
}

}  // namespace bpfrig::tests
