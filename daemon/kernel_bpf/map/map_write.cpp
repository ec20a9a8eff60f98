#include "daemon/kernel_bpf/map/map_write.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_handle.h"
#include "daemon/kernel_bpf/map/entry_block.h"

namespace bpfrig::kernel_bpf {
namespace {

// More gain nothing.
constexpr size_t kMaxBatched = 4096;

absl::Status WrongSize(const Map& map, absl::string_view half, size_t have, size_t want) {
  return base::WithObject(base::MakeError(base::Reason::kTypeMismatch,
                                          absl::StrCat("the ", half, " of map \"", map.name(), "\" has ",
                                                       want, " bytes, this one has ", have)),
                          map.name());
}

absl::Status CheckChange(const Map& map, const MapChange& change) {
  size_t key_size = map.IsKeyless() ? 0 : map.info().key_size;
  if (change.key.size() != key_size) return WrongSize(map, "key", change.key.size(), key_size);
  if (change.remove) return absl::OkStatus();
  size_t value_size = map.info().value_size;
  if (change.cpu_values.empty()) {
    return change.value.size() == value_size ? absl::OkStatus()
                                             : WrongSize(map, "value", change.value.size(), value_size);
  }
  if (!map.IsPerCpu() || change.cpu_values.size() != map.values_per_key()) {
    return base::WithObject(
        base::MakeError(base::Reason::kTypeMismatch,
                        absl::StrCat("map \"", map.name(), "\" has ", map.values_per_key(),
                                     " values for each key, this entry has ", change.cpu_values.size())),
        map.name());
  }
  for (const std::string& value : change.cpu_values) {
    if (value.size() != value_size) return WrongSize(map, "value", value.size(), value_size);
  }
  return absl::OkStatus();
}

// The value as the kernel takes it: for a per-CPU map all CPUs' values, each padded to eight bytes.
void AppendValue(const Map& map, const MapChange& change, std::string& bytes) {
  if (!map.IsPerCpu()) {
    bytes.append(change.value);
    return;
  }
  size_t stride = map.lookup_size() / map.values_per_key();
  for (uint32_t cpu = 0; cpu < map.values_per_key(); ++cpu) {
    const std::string& value = change.cpu_values.empty() ? change.value : change.cpu_values[cpu];
    bytes.append(value);
    bytes.append(stride - value.size(), '\0');
  }
}

std::string Remedy(const Map& map, int error, bool remove) {
  switch (-error) {
    case E2BIG:
      return absl::StrCat(
          "the map has room for ", map.info().max_entries,
          map.IsIndexed() ? " entries, indexes start at 0" : " entries: load it with more max_entries");
    case EPERM:
      return "the kernel has frozen this map: set read-only globals when loading";
    case EOPNOTSUPP:
      return map.HoldsSockets() ? "only established or listening sockets go into a sockmap" : "";
    case EINVAL:
      if (remove && map.IsIndexed()) return "entries of an array are always there: write a value instead";
      if (map.IsProgramArray())
        return "a prog array takes programs of one type and expected attach type only";
      return "";
    default:
      return "";
  }
}

absl::Status Refused(const Map& map, int error, bool remove) {
  absl::Status status = base::KernelError(error, absl::StrCat(remove ? "deleting from" : "writing to", " ",
                                                              map.type_name(), " map ", map.name()));
  return base::WithObject(base::WithHint(status, Remedy(map, error, remove)), map.name());
}

absl::Status NoBatches(const Map& map) {
  return base::WithObject(
      base::MakeError(base::Reason::kUnsupported, absl::StrCat("the kernel has no such batch operation for ",
                                                               map.type_name(), " map ", map.name())),
      map.name());
}

// Keys and values as the kernel takes them. A removal has no values.
struct Batch {
  bool remove = false;
  uint32_t count = 0;
  const char* keys = nullptr;
  const char* values = nullptr;
};

// False if the map's type has no such operation. `first` is the index of the batch's first entry.
absl::StatusOr<bool> RunBatch(const Map& map, const Batch& batch, size_t first, WriteProgress& progress) {
  uint32_t count = batch.count;
  auto options = LibbpfOptions<bpf_map_batch_opts>();
  int error = batch.remove ? bpf_map_delete_batch(map.fd(), batch.keys, &count, &options)
                           : bpf_map_update_batch(map.fd(), batch.keys, batch.values, &count, &options);
  if (error == -common::kEnotsupp || error == -EOPNOTSUPP) return false;
  // The kernel says how many it did, unless it fails before that.
  uint64_t did = error == 0 ? batch.count : error == -EFAULT || count >= batch.count ? 0 : count;
  (batch.remove ? progress.deleted : progress.written) += did;
  progress.batched = true;
  if (error == 0) return true;
  progress.failed_at = first + did;
  return Refused(map, error, batch.remove);
}

// Writes one map; its functions share what is below.
class Writer {
 public:
  Writer(const Map& map, absl::Span<const MapChange> changes, WriteProgress& progress)
      : map_(map), changes_(changes), progress_(progress) {}

  absl::Status Run(BatchMode mode) {
    size_t next = 0;
    while (next < changes_.size()) {
      size_t end = next + 1;
      while (end < changes_.size() && end - next < kMaxBatched &&
             changes_[end].remove == changes_[next].remove)
        ++end;
      // A batch of one saves nothing.
      bool batch = mode == BatchMode::kBatch || (mode == BatchMode::kAuto && end - next > 1);
      if (batch) {
        absl::StatusOr<bool> done = WriteBatch(next, end);
        if (!done.ok()) return done.status();
        if (*done) {
          next = end;
          continue;
        }
        if (mode == BatchMode::kBatch) {
          progress_.failed_at = next;
          return NoBatches(map_);
        }
        mode = BatchMode::kElement;
      }
      BPFRIG_RETURN_IF_ERROR(WriteElements(next, end));
      next = end;
    }
    return absl::OkStatus();
  }

 private:
  // False if the map's type has no such operation.
  absl::StatusOr<bool> WriteBatch(size_t begin, size_t end) {
    bool remove = changes_[begin].remove;
    std::string keys;
    std::string values;
    for (size_t i = begin; i < end; ++i) {
      keys.append(changes_[i].key);
      if (!remove) AppendValue(map_, changes_[i], values);
    }
    const Batch batch{remove, static_cast<uint32_t>(end - begin), keys.data(), values.data()};
    return RunBatch(map_, batch, begin, progress_);
  }

  absl::Status WriteElements(size_t begin, size_t end) {
    std::string value;
    for (size_t i = begin; i < end; ++i) {
      const MapChange& change = changes_[i];
      const void* key = map_.IsKeyless() ? nullptr : change.key.data();
      int error = 0;
      if (change.remove) {
        error = bpf_map_delete_elem(map_.fd(), key);
      } else {
        value.clear();
        AppendValue(map_, change, value);
        error = bpf_map_update_elem(map_.fd(), key, value.data(), BPF_ANY);
      }
      if (error != 0) {
        progress_.failed_at = i;
        return Refused(map_, error, change.remove);
      }
      ++(change.remove ? progress_.deleted : progress_.written);
    }
    return absl::OkStatus();
  }

  const Map& map_;
  absl::Span<const MapChange> changes_;
  WriteProgress& progress_;
};

absl::Status WriteOneByOne(const Map& map, const Batch& batch, size_t first, WriteProgress& progress) {
  for (uint32_t i = 0; i < batch.count; ++i) {
    const void* key = map.IsKeyless() ? nullptr : batch.keys + i * BlockKeySize(map);
    const int error = bpf_map_update_elem(map.fd(), key, batch.values + i * map.lookup_size(), BPF_ANY);
    if (error != 0) {
      progress.failed_at = first + i;
      return Refused(map, error, false);
    }
    ++progress.written;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteMap(const Map& map, absl::Span<const MapChange> changes, BatchMode mode,
                      WriteProgress& progress) {
  for (size_t i = 0; i < changes.size(); ++i) {
    progress.failed_at = i;
    BPFRIG_RETURN_IF_ERROR(CheckChange(map, changes[i]));
  }
  progress.failed_at = 0;
  return Writer(map, changes, progress).Run(mode);
}

absl::Status CheckPacked(const Map& map, const PackedEntries& entries) {
  if (map.HoldsSockets() || map.HoldsCgroups() || map.IsProgramArray() || map.IsMapOfMaps() ||
      map.IsSocketStorage() || map.IsCgroupStorage() || map.IsPerfEventArray()) {
    const absl::Status status = base::MakeError(
        base::Reason::kUnsupported, absl::StrCat(map.type_name(), " map \"", map.name(),
                                                 "\" takes descriptors, which bytes alone do not name"));
    return base::WithObject(base::WithHint(status, "write its entries one by one, by name"), map.name());
  }
  const auto check = [&](const char* half, absl::string_view bytes, size_t size) {
    if (bytes.size() == size * entries.count) return absl::OkStatus();
    const absl::Status status = base::MakeError(
        base::Reason::kTypeMismatch,
        absl::StrCat("the ", half, " of ", entries.count, " entries of map \"", map.name(), "\" have ",
                     size * entries.count, " bytes, ", size, " each; these have ", bytes.size()));
    return base::WithField(base::WithObject(status, map.name()), half);
  };
  BPFRIG_RETURN_IF_ERROR(check("keys", entries.keys, BlockKeySize(map)));
  return check("values", entries.values, PackedValueSize(map));
}

absl::Status WritePacked(const Map& map, const PackedEntries& entries, BatchMode mode,
                         WriteProgress& progress) {
  progress.failed_at = 0;
  absl::string_view values = entries.values;
  std::string padded;
  if (PackedValueSize(map) != map.lookup_size()) {
    padded = WithPadding(map, values);
    values = padded;
  }
  for (size_t next = 0; next < entries.count; next += kMaxBatched) {
    const Batch batch{false, static_cast<uint32_t>(std::min(kMaxBatched, entries.count - next)),
                      entries.keys.data() + next * BlockKeySize(map),
                      values.data() + next * map.lookup_size()};
    // A batch of one saves nothing.
    if (mode == BatchMode::kBatch || (mode == BatchMode::kAuto && batch.count > 1)) {
      BPFRIG_ASSIGN_OR_RETURN(const bool done, RunBatch(map, batch, next, progress));
      if (done) continue;
      if (mode == BatchMode::kBatch) return NoBatches(map);
      mode = BatchMode::kElement;
    }
    BPFRIG_RETURN_IF_ERROR(WriteOneByOne(map, batch, next, progress));
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::kernel_bpf
