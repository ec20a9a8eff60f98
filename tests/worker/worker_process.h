// WorkerProcess: a worker as the supervisor would start it, in its own new network namespace and cgroup; the
// test holds its channel. Requests and replies are written as protobuf text.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "common/fd.h"
#include "daemon/worker/objects/map_memory.h"
#include "daemon/worker/testing/testing_client.h"

namespace bpfrig::tests {

using bpfrig::worker::CallResult;
using bpfrig::worker::TestCall;
namespace v1 = bpfrig::v1;
using Request = bpfrig::internal::v1::CallRequest;

class WorkerProcess {
 public:
  // Fails the test if it cannot start.
  explicit WorkerProcess(const bpfrig::worker::MapMemoryLimits& map_memory = {});
  // Ends the worker by closing its channel; fails the test if it does not exit with 0.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // `request` is a CallRequest in protobuf's text format.
  CallResult Run(const std::string& request);
  TestCall Start(const std::string& request);
  // Opens the sandbox with addresses, as `"10.0.0.1", "fd00::1"`; fails the test if that fails.
  void Open(const std::string& addresses = "");
  // Loads a file, under the name of its stem if it is given none. `more` is further fields of the request.
  CallResult Load(const std::string& path, const std::string& more = "", const std::string& name = "");

 private:
  std::string cgroup_path_;
  common::Fd statistics_;
  common::Fd lifeline_;
  std::unique_ptr<bpfrig::worker::TestClient> client_;
  pid_t pid_ = -1;
};

// The field of RunProgram with an Ethernet frame of IPv6.
inline constexpr char kPacket[] =
    R"(data: "\xff\xff\xff\xff\xff\xff\x02\x02\x02\x02\x02\x02\x86\xdd0123456789012345678901234567890123456789")";

// All that ReadEvents sent.
std::vector<v1::Event> Events(const CallResult& result);

// For a test that is skipped because the kernel refused an object.
std::string WhyNotTaken(const CallResult& loaded);
// The paths of built objects, without the folder.
std::string TestObject(const std::string& name);
std::string MeshObject(const std::string& name);

// A fixture with a worker whose sandbox has a few addresses.
class WorkerRootTest : public ::testing::Test {
 protected:
  void SetUp() override { worker_.Open(R"("10.96.0.1", "10.96.0.2", "172.19.0.2", "fd00::1", "fd00::2")"); }
  CallResult Run(const std::string& request) { return worker_.Run(request); }

  WorkerProcess worker_;
};

}  // namespace bpfrig::tests

// Runs a request that must succeed.
#define BPFRIG_EXPECT_RUNS(request)                          \
  do {                                                       \
    const CallResult bpfrig_result = Run(request);           \
    EXPECT_TRUE(bpfrig_result.ok()) << bpfrig_result.Text(); \
  } while (false)
