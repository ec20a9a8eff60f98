#include "daemon/kernel_bpf/map/map_dump.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_handle.h"

namespace bpfrig::kernel_bpf {
namespace {

// A hash bucket with more entries is not worth waiting for.
constexpr uint32_t kMaxChunk = uint32_t{1} << 22;
// How many entries a map of cgroup storage may have for a walk, which has a max_entries of 0: one for each
// cgroup and kind of attachment that its programs have, of which a sandbox has few.
constexpr uint32_t kMaxStorages = 4096;
// How often a batch that the kernel broke off (EINTR, before 6.x) is tried again.
constexpr int kMaxRetries = 16;

absl::Status Refused(const Map& map, int error) {
  return base::WithObject(
      base::KernelError(error, absl::StrCat("reading ", map.type_name(), " map ", map.name())), map.name());
}

absl::Status Unsupported(const Map& map, absl::string_view why, absl::string_view hint) {
  absl::Status status = base::MakeError(base::Reason::kUnsupported,
                                        absl::StrCat(map.type_name(), " map \"", map.name(), "\" ", why));
  return base::WithObject(base::WithHint(status, hint), map.name());
}

uint32_t MaxEntries(const Map& map) {
  return map.info().max_entries != 0 ? map.info().max_entries : kMaxStorages;
}

bool HasBatches(const Map& map) {
  switch (map.info().type) {
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
    case BPF_MAP_TYPE_LPM_TRIE:
      return true;
    default:
      return false;
  }
}

MapEntry EntryOf(const Map& map, absl::string_view key, absl::string_view memory) {
  MapEntry entry;
  size_t value_size = map.info().value_size;
  entry.key = std::string(key);
  entry.value = std::string(memory.substr(0, value_size));
  if (!map.IsPerCpu()) return entry;
  size_t stride = map.lookup_size() / map.values_per_key();
  for (uint32_t cpu = 0; cpu < map.values_per_key(); ++cpu) {
    entry.cpu_values.emplace_back(memory.substr(cpu * stride, value_size));
  }
  return entry;
}

// Adds an entry to a block, unless the map has none with that key (any more).
absl::Status AppendByKey(const Map& map, const std::string& key, EntryBlock& block) {
  const size_t end = block.values.size();
  if (!TellsNoValues(map)) {
    block.values.resize(end + map.lookup_size());
    const int error = bpf_map_lookup_elem(map.fd(), key.data(), block.values.data() + end);
    if (error != 0) block.values.resize(end);
    if (error == -ENOENT) return absl::OkStatus();
    if (error != 0) return Refused(map, error);
  }
  block.keys.append(key);
  ++block.count;
  return absl::OkStatus();
}

// Whether a socket hash whose values cannot be read has this key.
absl::StatusOr<bool> HasKey(const Map& map, absl::string_view key) {
  std::string cursor;
  std::string next(map.info().key_size, '\0');
  for (uint64_t visited = 0; visited <= uint64_t{MaxEntries(map)} * 2; ++visited) {
    int error = bpf_map_get_next_key(map.fd(), cursor.empty() ? nullptr : cursor.data(), next.data());
    if (error == -ENOENT) return false;
    if (error != 0) return Refused(map, error);
    if (next == key) return true;
    cursor = next;
  }
  return false;
}

absl::StatusOr<std::optional<MapEntry>> LookupByKeys(const Map& map, absl::string_view key) {
  if (map.info().type != BPF_MAP_TYPE_SOCKHASH) {
    return Unsupported(map, "does not tell which of its entries are there",
                       "declare it with 8-byte values: then lookups return cookies");
  }
  BPFRIG_ASSIGN_OR_RETURN(bool has, HasKey(map, key));
  if (!has) return std::optional<MapEntry>();
  return std::optional<MapEntry>(MapEntry{std::string(key), "", {}});
}

absl::Status CheckWalkable(const Map& map, bool consume) {
  if (map.IsRingBuffer() || map.IsPerfEventArray())
    return Unsupported(map, "holds records, not entries", "read them with `events`");
  if (map.IsUserRingBuffer())
    return Unsupported(map, "holds records for programs, which only they take", "expect what they do");
  if (map.IsSocketStorage())
    return Unsupported(map, "cannot be walked", "name the keys: sockets of connections");
  if (map.IsCgroupStorage())
    return Unsupported(map, "cannot be walked", "name the key: the sandbox's cgroup, `keys: [!cgroup_id ]`");
  if (map.HoldsCgroups() || map.info().type == BPF_MAP_TYPE_XSKMAP)
    return Unsupported(map, "cannot be read: the kernel does not tell what is in it", "");
  if (map.IsKeyless()) {
    if (map.IsBloomFilter())
      return Unsupported(map, "cannot be walked", "expect values: `contains` or `absent`");
    if (consume) return absl::OkStatus();
    absl::Status status =
        base::MakeError(base::Reason::kInvalidField,
                        absl::StrCat(map.type_name(), " map \"", map.name(),
                                     "\" can be read only by taking its entries out: set consume"));
    return base::WithField(base::WithObject(status, map.name()), "consume");
  }
  if (map.IsIndexed() && consume) return Unsupported(map, "has entries that cannot be taken out", "");
  if (map.IsIndexed() && TellsNoValues(map)) {
    return Unsupported(map, "does not tell which of its entries are there",
                       "declare it with 8-byte values: then lookups return cookies");
  }
  return absl::OkStatus();
}

}  // namespace

MapEntry EntryAt(const Map& map, const EntryBlock& block, uint32_t index) {
  const size_t key_size = BlockKeySize(map);
  const size_t value_size = TellsNoValues(map) ? 0 : map.lookup_size();
  return EntryOf(map, absl::string_view(block.keys).substr(index * key_size, key_size),
                 absl::string_view(block.values).substr(index * value_size, value_size));
}

// The kernel answers a lookup with the socket's cookie, if the value has room for one.
bool TellsNoValues(const Map& map) { return map.HoldsSockets() && map.info().value_size != sizeof(uint64_t); }

absl::StatusOr<std::optional<MapEntry>> LookupMap(const Map& map, absl::string_view key) {
  if (map.IsKeyless()) return Unsupported(map, "has no keys", "");
  if (key.size() != map.info().key_size) {
    return base::MakeError(base::Reason::kTypeMismatch,
                           absl::StrCat("the key of map \"", map.name(), "\" has ", map.info().key_size,
                                        " bytes, this one has ", key.size()));
  }
  if (TellsNoValues(map)) return LookupByKeys(map, key);
  std::string memory(map.lookup_size(), '\0');
  int error = bpf_map_lookup_elem(map.fd(), key.data(), memory.data());
  if (error == -ENOENT) return std::optional<MapEntry>();
  if (error != 0) return Refused(map, error);
  return std::optional<MapEntry>(EntryOf(map, key, memory));
}

absl::StatusOr<bool> MayContain(const Map& map, absl::string_view value) {
  std::string memory(value);
  int error = bpf_map_lookup_elem(map.fd(), nullptr, memory.data());
  if (error == -ENOENT) return false;
  if (error != 0) return Refused(map, error);
  return true;
}

absl::StatusOr<MapDump> MapDump::Start(const Map& map, BatchMode mode, bool consume, size_t block_bytes) {
  BPFRIG_RETURN_IF_ERROR(CheckWalkable(map, consume));
  MapDump dump(map);
  dump.consume_ = consume;
  dump.forced_batch_ = mode == BatchMode::kBatch;
  dump.batched_ = mode != BatchMode::kElement && HasBatches(map);
  if (dump.forced_batch_ && !dump.batched_) {
    return Unsupported(map, "has no batch operations in this kernel", "use batch: auto");
  }
  size_t entry_size = map.info().key_size + map.lookup_size();
  size_t fit = std::max<size_t>(1, block_bytes / std::max<size_t>(1, entry_size));
  dump.chunk_ = static_cast<uint32_t>(std::min({fit, size_t{kDumpChunk}, size_t{MaxEntries(map)}}));
  return dump;
}

absl::StatusOr<EntryBlock> MapDump::Next() {
  if (done_) return EntryBlock();
  if (map_->IsKeyless()) return NextPopped();
  if (batched_) return NextBatch();
  return consume_ ? NextConsumed() : NextElements();
}

bool MapDump::GiveUp() {
  if (visited_ <= uint64_t{MaxEntries(*map_)} * 2) return false;
  done_ = truncated_ = true;
  return true;
}

absl::StatusOr<EntryBlock> MapDump::NextBatch() {
  const size_t key_size = map_->info().key_size;
  // A hash's cursor is a bucket's number, another map's its last key.
  std::string next(std::max(key_size, sizeof(uint64_t)), '\0');
  EntryBlock block;
  auto options = LibbpfOptions<bpf_map_batch_opts>();
  for (int retries = 0; block.count == 0 && !done_ && !GiveUp();) {
    block.keys.resize(key_size * chunk_);
    block.values.resize(map_->lookup_size() * chunk_);
    uint32_t count = chunk_;
    void* from = started_ ? cursor_.data() : nullptr;
    auto* read = consume_ ? bpf_map_lookup_and_delete_batch : bpf_map_lookup_batch;
    int error = read(map_->fd(), from, next.data(), block.keys.data(), block.values.data(), &count, &options);
    if (error == -ENOSPC && chunk_ < kMaxChunk) {
      chunk_ *= 2;
      continue;
    }
    if ((error == -common::kEnotsupp || error == -EOPNOTSUPP) && !started_) {
      if (forced_batch_)
        return Unsupported(*map_, "has no batch operations in this kernel", "use batch: auto");
      batched_ = false;
      return Next();
    }
    if (error == -EINTR && count == 0) {
      if (++retries < kMaxRetries) continue;
      done_ = truncated_ = true;
      break;
    }
    if (error != 0 && error != -ENOENT && error != -EINTR) return Refused(*map_, error);
    done_ = error == -ENOENT;
    started_ = true;
    cursor_ = next;
    visited_ += count;
    block.count = count;
  }
  block.keys.resize(key_size * block.count);
  block.values.resize(map_->lookup_size() * block.count);
  return block;
}

absl::StatusOr<EntryBlock> MapDump::NextElements() {
  EntryBlock block;
  std::string next(map_->info().key_size, '\0');
  while (block.count < chunk_ && !GiveUp()) {
    int error = bpf_map_get_next_key(map_->fd(), started_ ? cursor_.data() : nullptr, next.data());
    if (error == -ENOENT) {
      done_ = true;
      break;
    }
    if (error != 0) return Refused(*map_, error);
    started_ = true;
    cursor_ = next;
    ++visited_;
    // An entry may be gone by now.
    BPFRIG_RETURN_IF_ERROR(AppendByKey(*map_, next, block));
  }
  return block;
}

absl::StatusOr<EntryBlock> MapDump::NextConsumed() {
  EntryBlock block;
  std::string key(map_->info().key_size, '\0');
  while (block.count < chunk_ && !GiveUp()) {
    int error = bpf_map_get_next_key(map_->fd(), nullptr, key.data());
    if (error == -ENOENT) {
      done_ = true;
      break;
    }
    if (error != 0) return Refused(*map_, error);
    ++visited_;
    BPFRIG_RETURN_IF_ERROR(AppendByKey(*map_, key, block));
    error = bpf_map_delete_elem(map_->fd(), key.data());
    if (error != 0 && error != -ENOENT) return Refused(*map_, error);
  }
  return block;
}

absl::StatusOr<EntryBlock> MapDump::NextPopped() {
  EntryBlock block;
  const size_t value_size = map_->info().value_size;
  while (block.count < chunk_ && !GiveUp()) {
    block.values.resize(value_size * (block.count + 1));
    int error =
        bpf_map_lookup_and_delete_elem(map_->fd(), nullptr, block.values.data() + value_size * block.count);
    if (error == -ENOENT) {
      done_ = true;
      break;
    }
    if (error != 0) return Refused(*map_, error);
    ++visited_;
    ++block.count;
  }
  block.values.resize(value_size * block.count);
  return block;
}

}  // namespace bpfrig::kernel_bpf
