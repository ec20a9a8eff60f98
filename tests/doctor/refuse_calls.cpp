// `refuse_calls HOW CALL[,CALL...] COMMAND...`: runs the command under a seccomp filter that answers the
// system calls with an errno (EPERM, ENOSYS) or kills the process that makes them (kill).
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

const std::map<std::string, unsigned> kActions = {{"EPERM", SECCOMP_RET_ERRNO | EPERM},
                                                  {"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
                                                  {"kill", SECCOMP_RET_KILL_PROCESS}};
const std::map<std::string, unsigned> kCalls = {{"bpf", SYS_bpf},
                                                {"clone3", SYS_clone3},
                                                {"execveat", SYS_execveat},
                                                {"fsopen", SYS_fsopen},
                                                {"memfd_create", SYS_memfd_create},
                                                {"seccomp", SYS_seccomp}};

sock_filter Statement(unsigned code, unsigned value, unsigned char if_false = 0) {
  return {.code = static_cast<unsigned short>(code), .jt = 0, .jf = if_false, .k = value};
}

bool Install(const std::string& how, const std::string& calls) {
  std::vector<sock_filter> program = {Statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  std::istringstream names(calls);
  for (std::string name; std::getline(names, name, ',');) {
    program.push_back(Statement(BPF_JMP | BPF_JEQ | BPF_K, kCalls.at(name), 1));
    program.push_back(Statement(BPF_RET | BPF_K, kActions.at(how)));
  }
  program.push_back(Statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  if (!Install(argv[1], argv[2])) {
    std::perror("installing a seccomp filter");
    return 2;
  }
  ::execvp(argv[3], argv + 3);
  std::perror(argv[3]);
  return 2;
}
