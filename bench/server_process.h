// ServerProcess: a server in a process of its own, at a unix socket in a temporary folder.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace bpfrig::bench {

class ServerProcess {
 public:
  // In the child: serves at `target`, writes a byte to `ready` once it does, and ends when `lifeline` is at
  // its end.
  using Serve = std::function<void(const std::string& target, int ready, int lifeline)>;

  // Serving when the constructor returns. Make it before anything of gRPC.
  explicit ServerProcess(const Serve& serve);
  // Ends it, and waits for that.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] std::string Target() const { return "unix:" + folder_ + "/socket"; }

 private:
  std::string folder_;
  pid_t pid_ = -1;
  int lifeline_ = -1;
};

}  // namespace bpfrig::bench
