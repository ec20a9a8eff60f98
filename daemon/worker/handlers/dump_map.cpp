// DumpMap: the entries of one map, all or those of some keys, in messages that leave the loop its turn
// between two.
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
using kernel_bpf::Encoded;
using kernel_bpf::MapEntry;

// One DumpMap on its way.
class Dumping : public std::enable_shared_from_this<Dumping> {
 public:
  Dumping(Loop& loop, CallPtr call, MapAccess access, const DumpMapRequest& request)
      : loop_(loop), call_(std::move(call)), access_(std::move(access)), request_(request) {}

  [[nodiscard]] absl::Status Start();

 private:
  [[nodiscard]] absl::Status EncodePatterns(bpfrig::v1::DumpMapResponse& response);
  [[nodiscard]] absl::Status Resolve(const absl::StatusOr<Encoded>& encoded, bool is_key,
                                     bpfrig::v1::ResolvedValue& out);
  // Reads further entries, as messages to be sent.
  [[nodiscard]] absl::Status ReadChunk();
  [[nodiscard]] absl::Status ReadKeys();
  [[nodiscard]] absl::Status AskBloomFilter(const bpfrig::v1::DumpMapResponse& patterns);
  [[nodiscard]] absl::Status Add(const MapEntry& entry);
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
  std::deque<Call::Reply> messages_;
  size_t last_message_bytes_ = 0;
};

absl::Status Dumping::Start() {
  for (int i = 0; i < request_.keys_size(); ++i) {
    absl::StatusOr<Encoded> key = access_.EncodeKey(request_.keys(i));
    if (!key.ok()) return base::WithField(key.status(), absl::StrCat("keys[", i, "]"));
    keys_.push_back(std::move(key->bytes));
  }
  messages_.emplace_back();
  BPFRIG_RETURN_IF_ERROR(EncodePatterns(*messages_.back().mutable_dump_map()));
  if (keys_.empty() && access_.map().IsBloomFilter() && request_.patterns_size() > 0) {
    BPFRIG_RETURN_IF_ERROR(AskBloomFilter(Call::Reply(messages_.back()).dump_map()));
    done_ = true;
  } else if (keys_.empty()) {
    BPFRIG_ASSIGN_OR_RETURN(
        dump_, kernel_bpf::MapDump::Start(access_.map(), ToBatchMode(request_.batch()), request_.consume()));
  }
  Step();
  return absl::OkStatus();
}

absl::Status Dumping::EncodePatterns(bpfrig::v1::DumpMapResponse& response) {
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
  bpfrig::v1::Value decoded;
  BPFRIG_ASSIGN_OR_RETURN(const bool has_type, is_key ? access_.DecodeKey(encoded->bytes, decoded)
                                                      : access_.DecodeValue(encoded->bytes, decoded));
  if (has_type) *out.mutable_decoded() = std::move(decoded);
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
  const Call::Reply message = std::move(messages_.front());
  messages_.pop_front();
  call_->Send(message, [self = shared_from_this()] { self->Step(); });
}

absl::Status Dumping::ReadChunk() {
  if (!dump_.has_value()) return ReadKeys();
  BPFRIG_ASSIGN_OR_RETURN(const std::vector<MapEntry> entries, dump_->Next());
  done_ = entries.empty();
  for (const MapEntry& entry : entries) BPFRIG_RETURN_IF_ERROR(Add(entry));
  return absl::OkStatus();
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

absl::Status Dumping::AskBloomFilter(const bpfrig::v1::DumpMapResponse& patterns) {
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
  return *messages_.back().mutable_dump_map()->add_entries();
}

absl::Status Dumping::AddAbsent(const std::string& key) {
  DumpedEntry& out = NewEntry();
  out.set_raw_key(key);
  out.set_absent(true);
  bpfrig::v1::Value decoded;
  BPFRIG_ASSIGN_OR_RETURN(const bool has_type, access_.DecodeKey(key, decoded));
  if (has_type) *out.mutable_key() = std::move(decoded);
  last_message_bytes_ += out.ByteSizeLong();
  return absl::OkStatus();
}

absl::Status Dumping::Add(const MapEntry& entry) {
  DumpedEntry& out = NewEntry();
  ++count_;
  out.set_raw_key(entry.key);
  out.set_raw_value(entry.value);
  bpfrig::v1::Value key;
  if (!entry.key.empty()) {
    BPFRIG_ASSIGN_OR_RETURN(const bool has_type, access_.DecodeKey(entry.key, key));
    if (has_type) *out.mutable_key() = std::move(key);
  }
  bpfrig::v1::Value value;
  BPFRIG_ASSIGN_OR_RETURN(const bool has_type, access_.DecodeValue(entry.value, value));
  if (has_type) *out.mutable_value() = std::move(value);
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
