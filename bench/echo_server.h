// EchoServer: a process with a bare gRPC server that answers Send and nothing else, at once: what a call
// costs before the rig has done anything. Make it before anything of gRPC.
#pragma once

#include <sys/types.h>

#include <string>

namespace bpfrig::bench {

class EchoServer {
 public:
  // Serving when the constructor returns.
  EchoServer();
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  [[nodiscard]] std::string Target() const { return "unix:" + folder_ + "/socket"; }

 private:
  std::string folder_;
  pid_t pid_ = -1;
  int lifeline_ = -1;
};

}  // namespace bpfrig::bench
