#include "bench/server_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "bench/check.h"

namespace bpfrig::bench {

ServerProcess::ServerProcess(const Serve& serve) {
  char folder[] = "/tmp/bpfrig-bench-XXXXXX";
  Check(::mkdtemp(folder) != nullptr, "making a temporary folder");
  folder_ = folder;
  int lifeline[2];
  int ready[2];
  Check(::pipe2(lifeline, O_CLOEXEC) == 0 && ::pipe2(ready, O_CLOEXEC) == 0, "making pipes");
  pid_ = ::fork();
  Check(pid_ >= 0, "forking");
  if (pid_ == 0) {
    ::close(lifeline[1]);
    serve(Target(), ready[1], lifeline[0]);
    std::_Exit(0);
  }
  ::close(ready[1]);
  ::close(lifeline[0]);
  lifeline_ = lifeline[1];
  char byte = 0;
  Check(::read(ready[0], &byte, 1) == 1, "waiting for the server of " + Target());
  ::close(ready[0]);
}

ServerProcess::~ServerProcess() {
  ::close(lifeline_);
  ::waitpid(pid_, nullptr, 0);
  std::filesystem::remove_all(folder_);
}

}  // namespace bpfrig::bench
