// reliability_client TARGET: opens a sandbox, fills it, says so, and waits to be killed. The death of a
// client is that of a process, not of a connection.
#include <unistd.h>

#include <cstdio>

#include "tests/reliability/busy_sandbox.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  bpfrig::tests::Caller caller(argv[1]);
  bpfrig::tests::BusySandbox sandbox(caller, bpfrig::v1::OpenSandboxRequest());
  if (const grpc::Status status = sandbox.Fill(); !status.ok()) {
    std::printf("failed: %s\n", status.error_message().c_str());
    return 1;
  }
  std::printf("filled\n");
  std::fflush(stdout);
  ::pause();
}
