#include "bench/bare_bulk.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>

#include "bench/bulk.h"
#include "bench/check.h"
#include "bench/phases.h"

namespace bpfrig::bench {
namespace {

bpf_object* LoadObject() {
  bpf_object* const object = ::bpf_object__open_file(kBulkObject, nullptr);
  Check(object != nullptr && ::bpf_object__load(object) == 0, std::string("loading ") + kBulkObject);
  return object;
}

}  // namespace

BareBulk::BareBulk()
    : object_(LoadObject()), entries_(::bpf_object__find_map_fd_by_name(object_, "entries")) {}

BareBulk::~BareBulk() { ::bpf_object__close(object_); }

TaskTimes BareBulk::Run() {
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

void BareBulk::Seed() const {
  Batch batch;
  for (uint32_t first = 0; first < kBulkCount; first += kBatch) {
    batch.Fill(first, kBulkCount);
    Check(
        ::bpf_map_update_batch(entries_, batch.keys.data(), batch.values.data(), &batch.count, nullptr) == 0,
        "writing a batch");
  }
}

void BareBulk::Dump() const {
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
  Check(total == kBulkCount, "reading all entries");
}

void BareBulk::WriteRecords() const {
  const int program = ::bpf_program__fd(::bpf_object__find_program_by_name(object_, "write_records"));
  char frame[kFrameSize] = {};
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame;
  options.data_size_in = sizeof(frame);
  options.repeat = kBulkCount / kRecordsPerRun;
  Check(::bpf_prog_test_run_opts(program, &options) == 0, "writing records");
}

void BareBulk::ReadRecords() const {
  uint64_t bytes = 0;
  const auto on_record = [](void* sum, void*, size_t size) {
    *static_cast<uint64_t*>(sum) += size;
    return 0;
  };
  const int map = ::bpf_object__find_map_fd_by_name(object_, "records");
  ring_buffer* buffer = ::ring_buffer__new(map, on_record, &bytes, nullptr);
  Check(buffer != nullptr && ::ring_buffer__consume(buffer) >= 0, "reading records");
  ::ring_buffer__free(buffer);
  Check(bytes == uint64_t{kBulkCount} * kRecordSize, "reading all records");
}

}  // namespace bpfrig::bench
