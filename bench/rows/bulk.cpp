#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>

#include "bench/bare_map.h"
#include "bench/check.h"
#include "bench/phases.h"
#include "bench/rig.h"
#include "bench/row.h"

namespace bpfrig::bench {
namespace {

constexpr uint32_t kEntries = 1'000'000;
constexpr uint32_t kEntriesOfAMessage = 4096;
// A run takes seconds.
constexpr int kBulkRuns = 5;

using AddEntry = std::function<void(const EndpointEntry&, v1::SeedEntry&)>;

double MillionsASecond(const std::function<void()>& act) {
  Stopwatch watch;
  act();
  return kEntries / watch.Lap();
}

void AddRaw(const EndpointEntry& entry, v1::SeedEntry& added) {
  char bytes[sizeof(entry)];
  std::memcpy(bytes, &entry, sizeof(entry));
  added.mutable_key()->set_raw(bytes, 12);
  added.mutable_value()->set_raw(bytes + 12, 4);
}

void AddTyped(const EndpointEntry& entry, v1::SeedEntry& added) {
  const auto add = [](const char* name, uint32_t number, v1::Value& value) {
    v1::Field* field = value.mutable_fields()->add_fields();
    field->set_name(name);
    field->mutable_value()->set_unsigned_integer(number);
  };
  add("service_id", entry.service_id, *added.mutable_key());
  add("prio", entry.prio, *added.mutable_key());
  add("backend_index", entry.backend_index, *added.mutable_key());
  add("backend_uid", entry.backend_uid, *added.mutable_value());
}

// The map in a sandbox of its own.
class RigMap {
 public:
  explicit RigMap(const Bench& bench) : stub_(bench.stub), sandbox_(bench.stub) {
    grpc::ClientContext context;
    v1::LoadProgramRequest request;
    v1::LoadProgramResponse response;
    request.set_sandbox(sandbox_.id());
    request.set_name("cgroup_sock");
    request.set_object(bench.object);
    v1::MapSettings* settings = request.add_maps();
    settings->set_map("km_endpoint");
    settings->set_max_entries(kEntries);
    const grpc::Status status = stub_.LoadProgram(&context, request, &response);
    Check(status.ok() && response.has_loaded(), "loading the map: " + status.error_message());
  }

  void Seed(const AddEntry& add, bool is_typed) {
    grpc::ClientContext context;
    v1::SeedMapResponse response;
    const auto writer = stub_.SeedMap(&context, &response);
    for (uint32_t first = 0; first < kEntries; first += kEntriesOfAMessage) {
      v1::SeedMapRequest request;
      if (first == 0) {
        request.set_sandbox(sandbox_.id());
        request.set_map("km_endpoint");
        if (is_typed) request.set_key_type("endpoint_key");
        if (is_typed) request.set_value_type("endpoint_value");
      }
      const uint32_t end = std::min(first + kEntriesOfAMessage, kEntries);
      for (uint32_t i = first; i < end; ++i) add(EndpointEntry::Of(i), *request.add_entries());
      Check(writer->Write(request), "SeedMap");
    }
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    Check(status.ok() && response.written() == kEntries, "SeedMap: " + status.error_message());
  }

  void Dump(bool is_typed) {
    grpc::ClientContext context;
    v1::DumpMapRequest request;
    request.set_sandbox(sandbox_.id());
    request.set_map("km_endpoint");
    if (is_typed) request.set_key_type("endpoint_key");
    if (is_typed) request.set_value_type("endpoint_value");
    const auto reader = stub_.DumpMap(&context, request);
    uint32_t found = 0;
    v1::DumpMapResponse response;
    while (reader->Read(&response)) found += static_cast<uint32_t>(response.entries_size());
    const grpc::Status status = reader->Finish();
    Check(status.ok() && found == kEntries, "DumpMap: " + status.error_message());
  }

 private:
  v1::BpfRig::Stub& stub_;
  RigSandbox sandbox_;
};

Row SeedRow(const Bench& bench, bool is_typed) {
  return {.name = is_typed ? "SeedMap, 1 M entries, typed" : "SeedMap, 1 M entries, raw",
          .unit = "M/s",
          .goal = is_typed ? ">= 0.5" : ">= 0.8",
          .most_runs = kBulkRuns,
          .floor =
              [] {
                const BareMap map(kEntries);
                return MillionsASecond([&] { map.Seed(); });
              },
          .rig =
              [&bench, is_typed] {
                RigMap map(bench);
                return MillionsASecond([&] { map.Seed(is_typed ? AddTyped : AddRaw, is_typed); });
              }};
}

Row DumpRow(const Bench& bench, bool is_typed) {
  return {.name = is_typed ? "DumpMap, 1 M entries, typed" : "DumpMap, 1 M entries, raw",
          .unit = "M/s",
          .goal = is_typed ? "none" : ">= 0.6",
          .most_runs = kBulkRuns,
          .floor =
              [] {
                const BareMap map(kEntries);
                map.Seed();
                return MillionsASecond([&] { map.Dump(); });
              },
          .rig =
              [&bench, is_typed] {
                RigMap map(bench);
                map.Seed(AddRaw, false);
                return MillionsASecond([&] { map.Dump(is_typed); });
              }};
}

}  // namespace

std::vector<Row> BulkRows(const Bench& bench) {
  return {SeedRow(bench, false), SeedRow(bench, true), DumpRow(bench, false), DumpRow(bench, true)};
}

}  // namespace bpfrig::bench
