// SeedMap: writes a stream of entries into one map. A message is encoded as a whole before any of it is
// written, unless it is packed, which is what the kernel takes. The loop has its turn between two messages.
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/map/map_dump.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/map_access.h"

namespace bpfrig::worker {
namespace {

using base::MakeError;
using base::Reason;
using bpfrig::v1::SeedEntry;
using bpfrig::v1::SeedMapRequest;
using kernel_bpf::MapChange;

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  return base::WithField(MakeError(Reason::kInvalidField, message), field);
}

// One SeedMap on its way. It holds the queue's slot until its stream has ended.
class Seeding : public std::enable_shared_from_this<Seeding> {
 public:
  Seeding(CallPtr call, MapAccess access, bpfrig::v1::BatchMode mode)
      : call_(std::move(call)), access_(std::move(access)), mode_(ToBatchMode(mode)) {}

  // Writes one message, then waits for the next.
  void Step(const SeedMapRequest& message);

 private:
  [[nodiscard]] absl::Status WriteMessage(const SeedMapRequest& message);
  [[nodiscard]] absl::Status WritePacked(const bpfrig::v1::PackedEntries& packed);
  // An error of writing, with what is known of its cause.
  [[nodiscard]] absl::Status Explain(absl::Status written, absl::string_view entry) const;
  [[nodiscard]] absl::StatusOr<MapChange> Encode(const SeedEntry& entry);
  [[nodiscard]] absl::Status EncodeKey(const SeedEntry& entry, MapChange& change);
  [[nodiscard]] absl::Status EncodeValues(const SeedEntry& entry, MapChange& change);
  [[nodiscard]] absl::Status EncodeSection(const bpfrig::v1::Value& value, MapChange& change);
  void Answer();

  CallPtr call_;
  MapAccess access_;
  const kernel_bpf::BatchMode mode_;
  kernel_bpf::WriteProgress progress_;
  // Entries of the messages before this one.
  uint64_t entries_before_ = 0;
  // What the data section holds with the changes of this message so far.
  std::optional<std::string> section_;
};

void Seeding::Step(const SeedMapRequest& message) {
  const absl::Status written = WriteMessage(message);
  if (!written.ok()) return call_->Finish(written);
  call_->ReadRequest([self = shared_from_this()](std::optional<Call::Request> request) {
    if (!request.has_value()) return self->Answer();
    if (request->has_seed_map()) return self->Step(request->seed_map());
    self->call_->Finish(MakeError(Reason::kInternal, "seeding a map: another call came on its socket"));
  });
}

absl::Status Seeding::WriteMessage(const SeedMapRequest& message) {
  section_.reset();
  if (message.has_packed()) return WritePacked(message.packed());
  std::vector<MapChange> changes;
  changes.reserve(static_cast<size_t>(message.entries_size()));
  const auto path = [this](size_t index) { return absl::StrCat("entries[", entries_before_ + index, "]"); };
  for (const SeedEntry& entry : message.entries()) {
    absl::StatusOr<MapChange> change = Encode(entry);
    if (!change.ok()) return base::WithField(change.status(), path(changes.size()));
    changes.push_back(*std::move(change));
  }
  const absl::Status written = kernel_bpf::WriteMap(access_.map(), changes, mode_, progress_);
  if (!written.ok()) return Explain(written, path(progress_.failed_at));
  entries_before_ += changes.size();
  return absl::OkStatus();
}

absl::Status Seeding::WritePacked(const bpfrig::v1::PackedEntries& packed) {
  const kernel_bpf::PackedEntries entries{packed.count(), packed.keys(), packed.values()};
  const absl::Status fits = kernel_bpf::CheckPacked(access_.map(), entries);
  if (!fits.ok()) return base::WithField(fits, "packed");
  const absl::Status written = kernel_bpf::WritePacked(access_.map(), entries, mode_, progress_);
  if (!written.ok()) {
    const char* const half = access_.map().IsKeyless() ? "values" : "keys";
    return Explain(written, absl::StrCat("packed.", half, "[", entries_before_ + progress_.failed_at, "]"));
  }
  entries_before_ += packed.count();
  return absl::OkStatus();
}

absl::Status Seeding::Explain(absl::Status written, absl::string_view entry) const {
  if (access_.map().IsDataSection() && absl::StartsWith(access_.map().name(), ".rodata")) {
    written =
        base::WithHint(written, "read-only data is frozen once loaded: set it with LoadProgram's globals");
  }
  // A mode that the map does not have is no entry's fault.
  return base::WithField(written, base::DetailOf(written).reason == Reason::kUnsupported ? "batch" : entry);
}

absl::StatusOr<MapChange> Seeding::Encode(const SeedEntry& entry) {
  MapChange change;
  change.remove = entry.delete_();
  BPFRIG_RETURN_IF_ERROR(EncodeKey(entry, change));
  BPFRIG_RETURN_IF_ERROR(EncodeValues(entry, change));
  return change;
}

absl::Status Seeding::EncodeKey(const SeedEntry& entry, MapChange& change) {
  const kernel_bpf::Map& map = access_.map();
  if (map.IsKeyless()) {
    if (!entry.has_key()) return absl::OkStatus();
    return Invalid("key", absl::StrCat("seeding map ", map.name(), ": a ", map.type_name(), " has no keys"));
  }
  if (!entry.has_key()) {
    return Invalid("key", absl::StrCat("seeding map ", map.name(), ": an entry of it needs a key"));
  }
  absl::StatusOr<kernel_bpf::Encoded> key = access_.EncodeKey(entry.key());
  if (!key.ok()) return base::WithField(key.status(), "key");
  change.key = std::move(key->bytes);
  return absl::OkStatus();
}

absl::Status Seeding::EncodeValues(const SeedEntry& entry, MapChange& change) {
  const kernel_bpf::Map& map = access_.map();
  const int values =
      (entry.has_value() ? 1 : 0) + (entry.cpu_values_size() > 0 ? 1 : 0) + (entry.delete_() ? 1 : 0);
  if (values != 1) {
    return Invalid(
        entry.has_value() ? "value" : "",
        absl::StrCat("seeding map ", map.name(), ": an entry has one of value, cpu_values and delete"));
  }
  if (entry.has_value()) {
    if (access_.map().IsDataSection()) return base::WithField(EncodeSection(entry.value(), change), "value");
    absl::StatusOr<kernel_bpf::Encoded> value = access_.EncodeValue(entry.value());
    if (!value.ok()) return base::WithField(value.status(), "value");
    change.value = std::move(value->bytes);
    return absl::OkStatus();
  }
  if (entry.cpu_values_size() > 0 &&
      (!map.IsPerCpu() || static_cast<uint32_t>(entry.cpu_values_size()) != map.values_per_key())) {
    return Invalid("cpu_values", absl::StrCat("seeding map ", map.name(), " (", map.type_name(), ") with ",
                                              entry.cpu_values_size(),
                                              " values for each key: ", map.values_per_key(), " are needed"));
  }
  for (int i = 0; i < entry.cpu_values_size(); ++i) {
    absl::StatusOr<kernel_bpf::Encoded> value = access_.EncodeValue(entry.cpu_values(i));
    if (!value.ok()) return base::WithField(value.status(), absl::StrCat("cpu_values[", i, "]"));
    change.cpu_values.push_back(std::move(value->bytes));
  }
  return absl::OkStatus();
}

absl::Status Seeding::EncodeSection(const bpfrig::v1::Value& value, MapChange& change) {
  if (!section_.has_value()) {
    BPFRIG_ASSIGN_OR_RETURN(const std::optional<kernel_bpf::MapEntry> held,
                            kernel_bpf::LookupMap(access_.map(), change.key));
    if (!held.has_value()) {
      return MakeError(Reason::kOutOfRange,
                       absl::StrCat("seeding ", access_.map().name(), ": its one key is 0"));
    }
    section_ = held->value;
  }
  BPFRIG_RETURN_IF_ERROR(access_.EncodeIntoSection(value, *section_));
  change.value = *section_;
  return absl::OkStatus();
}

void Seeding::Answer() {
  Call::Reply reply;
  reply.mutable_seed_map()->set_written(progress_.written);
  reply.mutable_seed_map()->set_deleted(progress_.deleted);
  reply.mutable_seed_map()->set_batched(progress_.batched);
  call_->FinishWith(absl::OkStatus(), reply);
}

}  // namespace

void HandleSeedMap(Sandbox& sandbox, const CallPtr& call, const SeedMapRequest& first) {
  absl::StatusOr<MapAccess> access =
      MapAccess::Open(sandbox, first.map(), first.key_type(), first.value_type());
  if (!access.ok()) return call->Finish(access.status());
  std::make_shared<Seeding>(call, *std::move(access), first.batch())->Step(first);
}

}  // namespace bpfrig::worker
