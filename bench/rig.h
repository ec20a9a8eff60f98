// The same connect4 test through the rig: the benchmark's own daemon, driven call by call.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "bench/phases.h"
#include "bpfrig/v1/bpfrig.grpc.pb.h"

namespace bpfrig::bench {

// The bpfrigd next to this executable, serving when the constructor returns. Make it before anything of gRPC.
class PrivateDaemon {
 public:
  PrivateDaemon();
  ~PrivateDaemon();
  PrivateDaemon(const PrivateDaemon&) = delete;
  PrivateDaemon& operator=(const PrivateDaemon&) = delete;

  [[nodiscard]] std::string Target() const { return "unix:" + folder_ + "/socket"; }

 private:
  std::string folder_;
  pid_t pid_ = -1;
  int lifeline_ = -1;
};

class RigTest {
 public:
  RigTest(const std::string& target, const std::string& object_path);

  // Runs the test once. Exits if the connection was not redirected.
  Times Run();

 private:
  void Seed(const std::string& sandbox);

  std::string object_;
  std::unique_ptr<v1::BpfRig::Stub> stub_;
};

}  // namespace bpfrig::bench
