// The same connect4 test through the rig: the benchmark's own daemon, driven call by call.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/phases.h"
#include "bench/server_process.h"
#include "bpfrig/v1/bpfrig.grpc.pb.h"

namespace bpfrig::bench {

// The bpfrigd next to this executable.
[[nodiscard]] ServerProcess StartPrivateDaemon();

// Exits if the call failed.
void CheckCall(const grpc::Status& status, const std::string& call);

// The bytes of an object. Exits if there are none.
[[nodiscard]] std::string ReadObject(const std::string& path);

// A sandbox, in which the steps of the test are done. Exits if one of them fails.
class RigSandbox {
 public:
  // Opens it.
  explicit RigSandbox(v1::BpfRig::Stub& stub);
  ~RigSandbox();
  RigSandbox(const RigSandbox&) = delete;
  RigSandbox& operator=(const RigSandbox&) = delete;

  // The object under test, attached.
  void Load(const std::string& object);
  // Any object, and attaches these programs of it.
  void LoadAs(const std::string& name, const std::string& object,
              const std::vector<std::string>& attach = {});
  void Seed();
  void Listen();
  // Dials the control address.
  void Control();
  // Sends the greeting through the program.
  void Connect();
  // Dials so often through the program, in one call.
  void ConnectOften(uint32_t times);
  // Dials the server itself, and keeps the connection under this name.
  void KeepConnection(const std::string& name);
  void Close();

  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  v1::BpfRig::Stub& stub_;  // outlives this
  grpc::ClientContext lease_context_;
  std::unique_ptr<grpc::ClientReader<v1::OpenSandboxResponse>> lease_;
  std::string id_;
};

// The test, in a sandbox of its own; `object` is what is in cgroup_sock.bpf.o.
[[nodiscard]] Times RunRigTest(v1::BpfRig::Stub& stub, const std::string& object);

}  // namespace bpfrig::bench
