#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/bulk.h"
#include "bench/check.h"
#include "bench/phases.h"
#include "bench/rig.h"
#include "bench/row.h"

namespace bpfrig::bench {
namespace {

constexpr int kPackets = 1000;
// Of all packets.
constexpr int kRounds = 50;
constexpr size_t kPacketSize = 64;

std::string PacketOf(int number) {
  std::string packet(kPacketSize, '\0');
  packet.replace(0, sizeof(number), reinterpret_cast<const char*>(&number), sizeof(number));
  return packet;
}

double PacketsASecond(double microseconds) { return kPackets * kRounds * 1000.0 / microseconds; }

double RunBare() {
  const std::unique_ptr<bpf_object, decltype(&::bpf_object__close)> object(
      ::bpf_object__open_file(kBulkObject, nullptr), &::bpf_object__close);
  Check(object != nullptr && ::bpf_object__load(object.get()) == 0, std::string("loading ") + kBulkObject);
  const int program = ::bpf_program__fd(::bpf_object__find_program_by_name(object.get(), "pass"));
  std::vector<std::string> packets;
  for (int i = 0; i < kPackets; ++i) packets.push_back(PacketOf(i));
  std::string left(kPacketSize * 2, '\0');
  Stopwatch watch;
  for (int round = 0; round < kRounds; ++round) {
    for (const std::string& packet : packets) {
      bpf_test_run_opts options{};
      options.sz = sizeof(options);
      options.data_in = packet.data();
      options.data_size_in = static_cast<uint32_t>(packet.size());
      options.data_out = left.data();
      options.data_size_out = static_cast<uint32_t>(left.size());
      Check(::bpf_prog_test_run_opts(program, &options) == 0 && options.retval == XDP_PASS, "a test run");
    }
  }
  return PacketsASecond(watch.Lap());
}

double RunRig(v1::BpfRig::Stub& stub) {
  RigSandbox sandbox(stub);
  sandbox.LoadAs("bulk", ReadObject(kBulkObject));
  v1::RunProgramRequest request;
  request.set_sandbox(sandbox.id());
  request.set_program("pass");
  request.set_data(PacketOf(0));
  for (int i = 1; i < kPackets; ++i) request.add_further_data(PacketOf(i));
  Stopwatch watch;
  for (int round = 0; round < kRounds; ++round) {
    grpc::ClientContext context;
    v1::RunProgramResponse response;
    CheckCall(stub.RunProgram(&context, request, &response), "RunProgram");
    Check(response.further().return_values_size() == kPackets - 1 &&
              response.further().return_values(kPackets - 2) == XDP_PASS,
          "running with each packet");
  }
  return PacketsASecond(watch.Lap());
}

}  // namespace

Row PacketsRow(const Bench& bench) {
  return {.name = "test runs, 1,000 packets a call",
          .unit = "k/s",
          .goal = ">= 0.3",
          .floor = RunBare,
          .rig = [&bench] { return RunRig(bench.stub); }};
}

}  // namespace bpfrig::bench
