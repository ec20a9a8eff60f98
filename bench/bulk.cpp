#include "bench/bulk.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "bench/check.h"
#include "bench/phases.h"
#include "bench/rig.h"
#include "bench/spread.h"

namespace bpfrig::bench {
namespace {

constexpr uint32_t kCount = 1'000'000;
// Of one batch operation, and of one message of a request.
constexpr uint32_t kBatch = 4096;
constexpr uint32_t kRecordsPerRun = 1000;
constexpr size_t kKeySize = 8;
constexpr size_t kValueSize = 32;
constexpr size_t kRecordSize = 16;
constexpr size_t kFrameSize = 64;

enum Task : size_t { kSeedMap, kDumpMap, kReadEvents, kTaskCount };
constexpr std::array<const char*, kTaskCount> kTaskNames = {"SeedMap", "DumpMap", "ReadEvents"};

// Microseconds of each task.
using TaskTimes = std::array<double, kTaskCount>;

// A batch's keys and values; the values stay what they are.
struct Batch {
  std::string keys = std::string(kBatch * kKeySize, '\0');
  const std::string values = std::string(kBatch * kValueSize, 'v');
  uint32_t count = 0;

  // Of the entries from `first` on, of so many.
  void Fill(uint32_t first, uint32_t total) {
    count = std::min(kBatch, total - first);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t key = first + i;
      std::memcpy(keys.data() + i * kKeySize, &key, sizeof(key));
    }
  }
};

// The bare program.
class BareBulk {
 public:
  BareBulk() : object_(::bpf_object__open_file(kBulkObject, nullptr)) {
    Check(object_ != nullptr && ::bpf_object__load(object_) == 0, std::string("loading ") + kBulkObject);
    entries_ = ::bpf_object__find_map_fd_by_name(object_, "entries");
  }
  ~BareBulk() { ::bpf_object__close(object_); }
  BareBulk(const BareBulk&) = delete;
  BareBulk& operator=(const BareBulk&) = delete;

  TaskTimes Run() {
    TaskTimes times{};
    Stopwatch watch;
    Seed();
    times[kSeedMap] = watch.Lap();
    Dump();
    times[kDumpMap] = watch.Lap();
    WriteRecords();
    (void)watch.Lap();
    ReadRecords();
    times[kReadEvents] = watch.Lap();
    return times;
  }

 private:
  void Seed() const {
    Batch batch;
    for (uint32_t first = 0; first < kCount; first += kBatch) {
      batch.Fill(first, kCount);
      Check(::bpf_map_update_batch(entries_, batch.keys.data(), batch.values.data(), &batch.count, nullptr) ==
                0,
            "writing a batch");
    }
  }
  void Dump() const {
    std::string keys(kBatch * kKeySize, '\0');
    std::string values(kBatch * kValueSize, '\0');
    uint32_t cursor = 0;
    uint32_t total = 0;
    int error = 0;
    for (bool is_first = true; error == 0; is_first = false) {
      uint32_t count = kBatch;
      error = ::bpf_map_lookup_batch(entries_, is_first ? nullptr : &cursor, &cursor, keys.data(),
                                     values.data(), &count, nullptr);
      Check(error == 0 || error == -ENOENT, "reading a batch");
      total += count;
    }
    Check(total == kCount, "reading all entries");
  }
  void WriteRecords() const {
    const int program = ::bpf_program__fd(::bpf_object__find_program_by_name(object_, "write_records"));
    char frame[kFrameSize] = {};
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    options.data_in = frame;
    options.data_size_in = sizeof(frame);
    options.repeat = kCount / kRecordsPerRun;
    Check(::bpf_prog_test_run_opts(program, &options) == 0, "writing records");
  }
  void ReadRecords() const {
    uint64_t bytes = 0;
    const auto on_record = [](void* sum, void*, size_t size) {
      *static_cast<uint64_t*>(sum) += size;
      return 0;
    };
    const int map = ::bpf_object__find_map_fd_by_name(object_, "records");
    ring_buffer* buffer = ::ring_buffer__new(map, on_record, &bytes, nullptr);
    Check(buffer != nullptr && ::ring_buffer__consume(buffer) >= 0, "reading records");
    ::ring_buffer__free(buffer);
    Check(bytes == uint64_t{kCount} * kRecordSize, "reading all records");
  }

  bpf_object* const object_;
  int entries_ = -1;
};

// The same in a sandbox.
class RigBulk {
 public:
  RigBulk(v1::BpfRig::Stub& stub, const std::string& elf, uint32_t entries = kCount)
      : stub_(stub), entries_(entries), sandbox_(stub) {
    sandbox_.LoadAs("bulk", elf);
  }
  ~RigBulk() { sandbox_.Close(); }
  RigBulk(const RigBulk&) = delete;
  RigBulk& operator=(const RigBulk&) = delete;

  TaskTimes Run(bool packed) {
    TaskTimes times = RunMap(packed);
    Stopwatch watch;
    WriteRecords();
    (void)watch.Lap();
    ReadRecords(packed);
    times[kReadEvents] = watch.Lap();
    return times;
  }

  TaskTimes RunMap(bool packed) {
    TaskTimes times{};
    Stopwatch watch;
    Seed(packed);
    times[kSeedMap] = watch.Lap();
    Dump(packed);
    times[kDumpMap] = watch.Lap();
    return times;
  }

 private:
  static void Put(const Batch& batch, bool packed, v1::SeedMapRequest& message) {
    if (packed) {
      message.mutable_packed()->set_count(batch.count);
      message.mutable_packed()->set_keys(batch.keys.data(), batch.count * kKeySize);
      message.mutable_packed()->set_values(batch.values.data(), batch.count * kValueSize);
      return;
    }
    message.clear_entries();
    for (uint32_t i = 0; i < batch.count; ++i) {
      v1::SeedEntry& entry = *message.add_entries();
      entry.mutable_key()->set_raw(batch.keys.data() + i * kKeySize, kKeySize);
      entry.mutable_value()->set_raw(batch.values.data() + i * kValueSize, kValueSize);
    }
  }

  void Seed(bool packed) {
    grpc::ClientContext context;
    v1::SeedMapResponse response;
    const auto writer = stub_.SeedMap(&context, &response);
    v1::SeedMapRequest message;
    message.set_sandbox(sandbox_.id());
    message.set_map("entries");
    Batch batch;
    for (uint32_t first = 0; first < entries_; first += kBatch) {
      batch.Fill(first, entries_);
      Put(batch, packed, message);
      Check(writer->Write(message), "writing entries");
      message.clear_sandbox();
      message.clear_map();
    }
    writer->WritesDone();
    CheckCall(writer->Finish(), "SeedMap");
    Check(response.written() == entries_, "writing all entries");
  }

  void Dump(bool packed) {
    grpc::ClientContext context;
    v1::DumpMapRequest request;
    request.set_sandbox(sandbox_.id());
    request.set_map("entries");
    request.set_packed(packed);
    const auto reader = stub_.DumpMap(&context, request);
    v1::DumpMapResponse response;
    uint64_t bytes = 0;
    while (reader->Read(&response)) {
      bytes += response.packed().keys().size() + response.packed().values().size();
      for (const v1::DumpedEntry& entry : response.entries()) {
        bytes += entry.raw_key().size() + entry.raw_value().size();
      }
    }
    CheckCall(reader->Finish(), "DumpMap");
    Check(bytes == uint64_t{entries_} * (kKeySize + kValueSize), "reading all entries");
  }

  void WriteRecords() {
    v1::RunProgramRequest request;
    request.set_sandbox(sandbox_.id());
    request.set_program("write_records");
    request.set_data(std::string(kFrameSize, '\0'));
    request.set_repeat(kCount / kRecordsPerRun);
    grpc::ClientContext context;
    v1::RunProgramResponse response;
    CheckCall(stub_.RunProgram(&context, request, &response), "RunProgram");
  }

  void ReadRecords(bool packed) {
    grpc::ClientContext context;
    v1::ReadEventsRequest request;
    request.set_sandbox(sandbox_.id());
    request.set_map("records");
    request.set_packed(packed);
    const auto reader = stub_.ReadEvents(&context, request);
    v1::ReadEventsResponse response;
    uint64_t bytes = 0;
    while (reader->Read(&response)) {
      for (const v1::Event& event : response.events()) bytes += event.raw().size();
      for (const uint32_t length : response.packed().lengths()) bytes += length;
    }
    CheckCall(reader->Finish(), "ReadEvents");
    Check(bytes == uint64_t{kCount} * kRecordSize, "reading all records");
  }

  v1::BpfRig::Stub& stub_;
  const uint32_t entries_;
  RigSandbox sandbox_;
};

// How fast the rig was, and its share of the bare program's speed, pair by pair.
void PrintRig(const char* name, Task task, const std::vector<TaskTimes>& bare,
              const std::vector<TaskTimes>& rig) {
  std::vector<double> rates;
  std::vector<double> ratios;
  for (size_t run = 0; run < rig.size(); ++run) {
    rates.push_back(kCount / rig[run][task]);
    ratios.push_back(bare[run][task] / rig[run][task]);
  }
  const Spread ratio = SpreadOf(ratios);
  std::printf("  %-8s %7.2f M/s  %.3f of bare (%.3f to %.3f)\n", name, Median(rates), ratio.median,
              ratio.least, ratio.greatest);
}

}  // namespace

void MeasureBulk(v1::BpfRig::Stub& stub, int runs) {
  const std::string elf = ReadObject(kBulkObject);
  std::vector<TaskTimes> bare;
  std::vector<TaskTimes> plain;
  std::vector<TaskTimes> packed;
  for (int run = 0; run < runs; ++run) {
    bare.push_back(BareBulk().Run());
    plain.push_back(RigBulk(stub, elf).Run(false));
    packed.push_back(RigBulk(stub, elf).Run(true));
  }
  std::printf("\n%u entries of %zu bytes, and records of %zu, medians of %d runs:\n", kCount,
              kKeySize + kValueSize, kRecordSize, runs);
  for (size_t task = 0; task < kTaskCount; ++task) {
    std::vector<double> rates;
    for (const TaskTimes& times : bare) rates.push_back(kCount / times[task]);
    std::printf("%-10s %7.2f M/s bare\n", kTaskNames[task], Median(rates));
    PrintRig("values", static_cast<Task>(task), bare, plain);
    PrintRig("packed", static_cast<Task>(task), bare, packed);
  }
}

double TimePackedEntries(v1::BpfRig::Stub& stub, uint32_t count) {
  const TaskTimes times = RigBulk(stub, ReadObject(kBulkObject), count).RunMap(true);
  return times[kSeedMap] + times[kDumpMap];
}

}  // namespace bpfrig::bench
