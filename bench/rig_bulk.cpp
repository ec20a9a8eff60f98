#include "bench/rig_bulk.h"

#include <grpcpp/grpcpp.h>

#include <initializer_list>
#include <utility>

#include "bench/check.h"
#include "bench/phases.h"

namespace bpfrig::bench {
namespace {

v1::Value Members(std::initializer_list<std::pair<const char*, uint64_t>> members) {
  v1::Value value;
  for (const auto& [name, number] : members) {
    v1::Field& member = *value.mutable_fields()->add_fields();
    member.set_name(name);
    member.mutable_value()->set_unsigned_integer(number);
  }
  return value;
}

// All members of an entry of bulk.bpf.c.
void PutMembers(uint32_t number, v1::SeedEntry& entry) {
  *entry.mutable_key() = Members({{"address", number}, {"port", 8080}, {"protocol", 6}, {"is_inbound", 1}});
  *entry.mutable_value() = Members({{"packets", number},
                                    {"bytes", uint64_t{number} * 1460},
                                    {"last_seen", uint64_t{number} << 20},
                                    {"drops", 3},
                                    {"retries", 4}});
}

uint64_t BytesOf(const v1::DumpMapResponse& message) {
  uint64_t bytes = message.packed().keys().size() + message.packed().values().size();
  for (const v1::DumpedEntry& entry : message.entries()) {
    bytes += entry.raw_key().size() + entry.raw_value().size();
  }
  return bytes;
}

uint64_t BytesOf(const v1::ReadEventsResponse& message) {
  uint64_t bytes = message.packed().records().size();
  for (const v1::Event& event : message.events()) bytes += event.raw().size();
  return bytes;
}

}  // namespace

RigBulk::RigBulk(v1::BpfRig::Stub& stub, const std::string& elf, Form form, uint32_t entries)
    : stub_(stub), form_(form), entries_(entries), sandbox_(stub) {
  sandbox_.LoadAs("bulk", elf);
}

RigBulk::~RigBulk() { sandbox_.Close(); }

TaskTimes RigBulk::Run() {
  TaskTimes times = RunMap();
  Stopwatch watch;
  WriteRecords();
  (void)watch.Lap();
  ReadRecords();
  times[kReadEvents] = watch.Lap();
  return times;
}

TaskTimes RigBulk::RunMap() {
  TaskTimes times{};
  Stopwatch watch;
  Seed();
  times[kSeedMap] = watch.Lap();
  Dump();
  times[kDumpMap] = watch.Lap();
  return times;
}

void RigBulk::Put(const Batch& batch, v1::SeedMapRequest& message) const {
  if (form_ == Form::kPacked) {
    message.mutable_packed()->set_count(batch.count);
    message.mutable_packed()->set_keys(batch.keys.data(), batch.count * kKeySize);
    message.mutable_packed()->set_values(batch.values.data(), batch.count * kValueSize);
    return;
  }
  message.clear_entries();
  for (uint32_t i = 0; i < batch.count; ++i) {
    v1::SeedEntry& entry = *message.add_entries();
    if (form_ == Form::kTyped) {
      PutMembers(batch.first + i, entry);
    } else {
      entry.mutable_key()->set_raw(batch.keys.data() + i * kKeySize, kKeySize);
      entry.mutable_value()->set_raw(batch.values.data() + i * kValueSize, kValueSize);
    }
  }
}

void RigBulk::Seed() {
  grpc::ClientContext context;
  v1::SeedMapResponse response;
  const auto writer = stub_.SeedMap(&context, &response);
  v1::SeedMapRequest message;
  message.set_sandbox(sandbox_.id());
  message.set_map(Map());
  Batch batch;
  for (uint32_t first = 0; first < entries_; first += kBatch) {
    batch.Fill(first, entries_);
    Put(batch, message);
    Check(writer->Write(message), "writing entries");
    message.clear_sandbox();
    message.clear_map();
  }
  writer->WritesDone();
  CheckCall(writer->Finish(), "SeedMap");
  Check(response.written() == entries_, "writing all entries");
}

void RigBulk::Dump() {
  grpc::ClientContext context;
  v1::DumpMapRequest request;
  request.set_sandbox(sandbox_.id());
  request.set_map(Map());
  request.set_packed(form_ == Form::kPacked);
  const auto reader = stub_.DumpMap(&context, request);
  v1::DumpMapResponse response;
  uint64_t bytes = 0;
  while (reader->Read(&response)) bytes += BytesOf(response);
  CheckCall(reader->Finish(), "DumpMap");
  Check(bytes == uint64_t{entries_} * (kKeySize + kValueSize), "reading all entries");
}

void RigBulk::WriteRecords() {
  v1::RunProgramRequest request;
  request.set_sandbox(sandbox_.id());
  request.set_program("write_records");
  request.set_data(std::string(kFrameSize, '\0'));
  request.set_repeat(kBulkCount / kRecordsPerRun);
  grpc::ClientContext context;
  v1::RunProgramResponse response;
  CheckCall(stub_.RunProgram(&context, request, &response), "RunProgram");
}

void RigBulk::ReadRecords() {
  grpc::ClientContext context;
  v1::ReadEventsRequest request;
  request.set_sandbox(sandbox_.id());
  request.set_map("records");
  if (form_ == Form::kTyped) request.set_type("record");
  request.set_packed(form_ == Form::kPacked);
  const auto reader = stub_.ReadEvents(&context, request);
  v1::ReadEventsResponse response;
  uint64_t bytes = 0;
  while (reader->Read(&response)) bytes += BytesOf(response);
  CheckCall(reader->Finish(), "ReadEvents");
  Check(bytes == uint64_t{kBulkCount} * kRecordSize, "reading all records");
}

}  // namespace bpfrig::bench
