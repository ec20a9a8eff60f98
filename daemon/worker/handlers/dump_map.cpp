// DumpMap: the entries of one map, all or those of some keys, in messages that leave the loop its turn
// between two.
#include <google/protobuf/arena.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/map/map_dump.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/map_access.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::DumpedEntry;
using bpfrig::v1::DumpMapRequest;
using bpfrig::v1::DumpMapResponse;
using kernel_bpf::Encoded;
using kernel_bpf::MapEntry;

// One message of the answer. An entry by its type is dozens of small messages, which come and go together.
class DumpMessage {
 public:
  [[nodiscard]] const Call::Reply& reply() const { return *reply_; }
  [[nodiscard]] DumpMapResponse& dump() { return *reply_->mutable_dump_map(); }

 private:
  google::protobuf::Arena arena_;
  Call::Reply* const reply_ = google::protobuf::Arena::CreateMessage<Call::Reply>(&arena_);
};

// One DumpMap on its way.
class Dumping : public std::enable_shared_from_this<Dumping> {
 public:
  Dumping(Loop& loop, CallPtr call, MapAccess access, const DumpMapRequest& request)
      : loop_(loop), call_(std::move(call)), access_(std::move(access)), request_(request) {}

  [[nodiscard]] absl::Status Start();

 private:
  [[nodiscard]] absl::Status PromisePacked(DumpMapResponse& response);
  [[nodiscard]] absl::Status EncodePatterns(DumpMapResponse& response);
  [[nodiscard]] absl::Status Resolve(const absl::StatusOr<Encoded>& encoded, bool is_key,
                                     bpfrig::v1::ResolvedValue& out);
  // Reads further entries, as messages to be sent.
  [[nodiscard]] absl::Status ReadChunk();
  [[nodiscard]] absl::Status ReadKeys();
  [[nodiscard]] absl::Status AddBlock(kernel_bpf::EntryBlock block);
  void AddPacked(kernel_bpf::EntryBlock block);
  [[nodiscard]] absl::Status AskBloomFilter(const DumpMapResponse& patterns);
  [[nodiscard]] absl::Status Add(const MapEntry& entry);
  void AppendPacked(const MapEntry& entry);
  [[nodiscard]] absl::Status DecodeKey(const std::string& key, DumpedEntry& out) const;
  [[nodiscard]] absl::Status AddAbsent(const std::string& key);
  DumpedEntry& NewEntry();
  // Sends the oldest message, and goes on once it went.
  void Step();
  void SendSummary();

  Loop& loop_;  // of the sandbox
  CallPtr call_;
  MapAccess access_;
  const DumpMapRequest request_;
  std::optional<kernel_bpf::MapDump> dump_;
  std::vector<std::string> keys_;
  size_t keys_done_ = 0;
  bool done_ = false;
  uint64_t count_ = 0;
  std::deque<DumpMessage> messages_;
  size_t last_message_bytes_ = 0;
};

absl::Status Dumping::Start() {
  for (int i = 0; i < request_.keys_size(); ++i) {
    absl::StatusOr<Encoded> key = access_.EncodeKey(request_.keys(i));
    if (!key.ok()) return base::WithField(key.status(), absl::StrCat("keys[", i, "]"));
    keys_.push_back(std::move(key->bytes));
  }
  messages_.emplace_back();
  DumpMapResponse& first = messages_.back().dump();
  if (request_.packed()) BPFRIG_RETURN_IF_ERROR(PromisePacked(first));
  BPFRIG_RETURN_IF_ERROR(EncodePatterns(first));
  if (keys_.empty() && access_.map().IsBloomFilter() && request_.patterns_size() > 0) {
    BPFRIG_RETURN_IF_ERROR(AskBloomFilter(DumpMapResponse(first)));
    done_ = true;
  } else if (keys_.empty()) {
    const size_t block_bytes = request_.packed() ? kMaxPackedMessageBytes : kernel_bpf::kMaxBlockBytes;
    BPFRIG_ASSIGN_OR_RETURN(dump_, kernel_bpf::MapDump::Start(access_.map(), ToBatchMode(request_.batch()),
                                                              request_.consume(), block_bytes));
  }
  Step();
  return absl::OkStatus();
}

absl::Status Dumping::PromisePacked(DumpMapResponse& response) {
  const kernel_bpf::Map& map = access_.map();
  if (kernel_bpf::TellsNoValues(map)) {
    const absl::Status status = base::MakeError(
        base::Reason::kUnsupported,
        absl::StrCat(map.type_name(), " map \"", map.name(), "\" has values that the kernel does not tell"));
    return base::WithField(base::WithHint(status, "declare it with 8-byte values, or dump it without packed"),
                           "packed");
  }
  bpfrig::v1::PackedSizes& sizes = *response.mutable_packed_sizes();
  sizes.set_key_size(static_cast<uint32_t>(kernel_bpf::BlockKeySize(map)));
  sizes.set_value_size(map.info().value_size);
  sizes.set_values_per_key(map.values_per_key());
  return absl::OkStatus();
}

absl::Status Dumping::EncodePatterns(DumpMapResponse& response) {
  for (int i = 0; i < request_.patterns_size(); ++i) {
    const bpfrig::v1::EntryPattern& pattern = request_.patterns(i);
    bpfrig::v1::ResolvedEntry& resolved = *response.add_patterns();
    const std::string path = absl::StrCat("patterns[", i, "]");
    if (pattern.has_key()) {
      const absl::Status done =
          Resolve(access_.EncodeKey(pattern.key(), Purpose::kExpectKey), true, *resolved.mutable_key());
      if (!done.ok()) return base::WithField(base::WithField(done, "key"), path);
    }
    if (pattern.has_value()) {
      const absl::Status done =
          Resolve(access_.EncodeExpectedValue(pattern.value()), false, *resolved.mutable_value());
      if (!done.ok()) return base::WithField(base::WithField(done, "value"), path);
    }
  }
  return absl::OkStatus();
}

absl::Status Dumping::Resolve(const absl::StatusOr<Encoded>& encoded, bool is_key,
                              bpfrig::v1::ResolvedValue& out) {
  if (!encoded.ok()) return encoded.status();
  out.set_bytes(encoded->bytes);
  out.set_mask(encoded->mask);
  bpfrig::v1::Value& decoded = *out.mutable_decoded();
  BPFRIG_ASSIGN_OR_RETURN(const bool has_type, is_key ? access_.DecodeKey(encoded->bytes, decoded)
                                                      : access_.DecodeValue(encoded->bytes, decoded));
  if (!has_type) out.clear_decoded();
  return absl::OkStatus();
}

void Dumping::Step() {
  if (call_->IsOver()) return;
  // A message goes once the next has begun, or there is none; others have their turn after each chunk.
  if (messages_.size() < 2 && !done_) {
    const absl::Status read = ReadChunk();
    if (!read.ok()) return call_->Finish(read);
    return asio::post(loop_, [self = shared_from_this()] { self->Step(); });
  }
  if (messages_.empty()) return SendSummary();
  call_->Send(messages_.front().reply(), [self = shared_from_this()] { self->Step(); });
  messages_.pop_front();
}

absl::Status Dumping::ReadChunk() {
  if (!dump_.has_value()) return ReadKeys();
  BPFRIG_ASSIGN_OR_RETURN(kernel_bpf::EntryBlock block, dump_->Next());
  done_ = block.count == 0;
  return done_ ? absl::OkStatus() : AddBlock(std::move(block));
}

absl::Status Dumping::AddBlock(kernel_bpf::EntryBlock block) {
  if (request_.packed()) {
    AddPacked(std::move(block));
    return absl::OkStatus();
  }
  for (uint32_t i = 0; i < block.count; ++i) {
    BPFRIG_RETURN_IF_ERROR(Add(kernel_bpf::EntryAt(access_.map(), block, i)));
  }
  return absl::OkStatus();
}

// The block's bytes become the message's, unless they are too many for one.
void Dumping::AddPacked(kernel_bpf::EntryBlock block) {
  const kernel_bpf::Map& map = access_.map();
  kernel_bpf::RemovePadding(map, block);
  count_ += block.count;
  const size_t key_size = kernel_bpf::BlockKeySize(map);
  const size_t value_size = kernel_bpf::PackedValueSize(map);
  const auto at_most =
      static_cast<uint32_t>(std::max<size_t>(1, kMaxPackedMessageBytes / (key_size + value_size)));
  for (uint32_t begin = 0; begin < block.count; begin += at_most) {
    const uint32_t count = std::min(at_most, block.count - begin);
    bpfrig::v1::PackedEntries& packed = *messages_.emplace_back().dump().mutable_packed();
    packed.set_count(count);
    if (count == block.count) {
      packed.set_keys(std::move(block.keys));
      packed.set_values(std::move(block.values));
    } else {
      packed.set_keys(block.keys.substr(begin * key_size, count * key_size));
      packed.set_values(block.values.substr(begin * value_size, count * value_size));
    }
  }
}

absl::Status Dumping::ReadKeys() {
  const size_t end = std::min<size_t>(keys_.size(), keys_done_ + kernel_bpf::kDumpChunk);
  for (; keys_done_ < end; ++keys_done_) {
    const std::string& key = keys_[keys_done_];
    BPFRIG_ASSIGN_OR_RETURN(const std::optional<MapEntry> entry, kernel_bpf::LookupMap(access_.map(), key));
    if (!entry.has_value()) {
      BPFRIG_RETURN_IF_ERROR(AddAbsent(key));
      continue;
    }
    BPFRIG_RETURN_IF_ERROR(Add(*entry));
    if (!request_.consume()) continue;
    kernel_bpf::MapChange removal;
    removal.key = key;
    removal.remove = true;
    kernel_bpf::WriteProgress progress;
    BPFRIG_RETURN_IF_ERROR(
        kernel_bpf::WriteMap(access_.map(), {&removal, 1}, kernel_bpf::BatchMode::kElement, progress));
  }
  done_ = keys_done_ == keys_.size();
  return absl::OkStatus();
}

absl::Status Dumping::AskBloomFilter(const DumpMapResponse& patterns) {
  std::set<std::string> asked;
  for (const bpfrig::v1::ResolvedEntry& pattern : patterns.patterns()) {
    const std::string& value = pattern.value().bytes();
    if (value.empty() || !asked.insert(value).second) continue;
    BPFRIG_ASSIGN_OR_RETURN(const bool has, kernel_bpf::MayContain(access_.map(), value));
    if (has) BPFRIG_RETURN_IF_ERROR(Add(MapEntry{"", value, {}}));
  }
  return absl::OkStatus();
}

DumpedEntry& Dumping::NewEntry() {
  if (messages_.empty() || last_message_bytes_ >= kMaxStreamMessageBytes) {
    messages_.emplace_back();
    last_message_bytes_ = 0;
  }
  return *messages_.back().dump().add_entries();
}

// One entry of those that were asked for.
void Dumping::AppendPacked(const MapEntry& entry) {
  if (messages_.empty() || last_message_bytes_ >= kMaxPackedMessageBytes) {
    messages_.emplace_back();
    last_message_bytes_ = 0;
  }
  bpfrig::v1::PackedEntries& packed = *messages_.back().dump().mutable_packed();
  packed.set_count(packed.count() + 1);
  packed.mutable_keys()->append(entry.key);
  if (entry.cpu_values.empty()) packed.mutable_values()->append(entry.value);
  for (const std::string& value : entry.cpu_values) packed.mutable_values()->append(value);
  last_message_bytes_ = packed.keys().size() + packed.values().size();
}

absl::Status Dumping::DecodeKey(const std::string& key, DumpedEntry& out) const {
  BPFRIG_ASSIGN_OR_RETURN(const bool has_type, access_.DecodeKey(key, *out.mutable_key()));
  if (!has_type) out.clear_key();
  return absl::OkStatus();
}

absl::Status Dumping::AddAbsent(const std::string& key) {
  if (request_.packed()) return absl::OkStatus();
  DumpedEntry& out = NewEntry();
  out.set_raw_key(key);
  out.set_absent(true);
  BPFRIG_RETURN_IF_ERROR(DecodeKey(key, out));
  last_message_bytes_ += out.ByteSizeLong();
  return absl::OkStatus();
}

absl::Status Dumping::Add(const MapEntry& entry) {
  ++count_;
  if (request_.packed()) {
    AppendPacked(entry);
    return absl::OkStatus();
  }
  DumpedEntry& out = NewEntry();
  out.set_raw_key(entry.key);
  out.set_raw_value(entry.value);
  if (!entry.key.empty()) BPFRIG_RETURN_IF_ERROR(DecodeKey(entry.key, out));
  BPFRIG_ASSIGN_OR_RETURN(const bool has_type, access_.DecodeValue(entry.value, *out.mutable_value()));
  if (!has_type) out.clear_value();
  for (const std::string& cpu_value : entry.cpu_values) {
    out.add_raw_cpu_values(cpu_value);
    if (!has_type) continue;
    BPFRIG_RETURN_IF_ERROR(access_.DecodeValue(cpu_value, *out.add_cpu_values()).status());
  }
  last_message_bytes_ += out.ByteSizeLong();
  return absl::OkStatus();
}

void Dumping::SendSummary() {
  Call::Reply reply;
  bpfrig::v1::DumpSummary& summary = *reply.mutable_dump_map()->mutable_summary();
  summary.set_count(count_);
  summary.set_batched(dump_.has_value() && dump_->batched());
  summary.set_atomic(keys_.size() == 1);
  summary.set_truncated(dump_.has_value() && dump_->truncated());
  call_->FinishWith(absl::OkStatus(), reply);
}

}  // namespace

void HandleDumpMap(Sandbox& sandbox, const CallPtr& call, const DumpMapRequest& request) {
  absl::StatusOr<MapAccess> access =
      MapAccess::Open(sandbox, request.map(), request.key_type(), request.value_type());
  if (!access.ok()) return call->Finish(access.status());
  const absl::Status started =
      std::make_shared<Dumping>(sandbox.loop(), call, *std::move(access), request)->Start();
  if (!started.ok()) call->Finish(started);
}

}  // namespace bpfrig::worker
