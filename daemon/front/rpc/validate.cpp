#include "daemon/front/rpc/validate.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/front/rpc/field_checks.h"

namespace bpfrig::front {
namespace {

using base::WithField;

constexpr int kMaxAddresses = 256;
constexpr size_t kMaxLabelBytes = 128;
// Fewer, and the worker could not even start.
constexpr uint32_t kMinOpenFiles = 64;
constexpr uint32_t kMaxTimeoutMs = 60'000;
constexpr int kMaxSeedEntries = 4096;
constexpr size_t kMaxSeedBytes = 3 * 1024 * 1024;
constexpr size_t kMaxPacketBytes = 64 * 1024;
constexpr uint32_t kMaxRepeat = 1'000'000;
constexpr uint32_t kMaxLogLevel = 2;

absl::Status CheckBatch(v1::BatchMode mode) {
  return v1::BatchMode_IsValid(mode) ? absl::OkStatus() : Invalid("batch", "is no batch mode");
}

absl::Status CheckAttachTarget(const v1::AttachTarget& target) {
  BPFRIG_RETURN_IF_ERROR(CheckReference("program", target.program()));
  BPFRIG_RETURN_IF_ERROR(CheckOptionalName("link", target.link()));
  return CheckOptionalReference("map", target.map());
}

absl::Status CheckTypesOnly(const v1::LoadProgramRequest& request) {
  if (request.globals_size() > 0) return Invalid("globals", "does not go with types_only");
  if (request.programs_size() > 0) return Invalid("programs", "does not go with types_only");
  if (request.maps_size() > 0) return Invalid("maps", "does not go with types_only");
  if (request.attach_size() > 0) return Invalid("attach", "does not go with types_only");
  return absl::OkStatus();
}

absl::Status CheckSelections(const v1::LoadProgramRequest& request) {
  for (int i = 0; i < request.globals_size(); ++i) {
    BPFRIG_RETURN_IF_ERROR(WithField(CheckReference("name", request.globals(i).name()), Index("globals", i)));
  }
  for (int i = 0; i < request.programs_size(); ++i) {
    const v1::ProgramSelection& selection = request.programs(i);
    BPFRIG_RETURN_IF_ERROR(WithField(CheckReference("program", selection.program()), Index("programs", i)));
    BPFRIG_RETURN_IF_ERROR(WithField(CheckOptionalReference("type", selection.type()), Index("programs", i)));
  }
  for (int i = 0; i < request.maps_size(); ++i) {
    const v1::MapSettings& map = request.maps(i);
    BPFRIG_RETURN_IF_ERROR(WithField(CheckReference("map", map.map()), Index("maps", i)));
    BPFRIG_RETURN_IF_ERROR(
        WithField(CheckOptionalReference("shared_with", map.shared_with()), Index("maps", i)));
    BPFRIG_RETURN_IF_ERROR(WithField(CheckOptionalReference("inner_map", map.inner_map()), Index("maps", i)));
  }
  for (int i = 0; i < request.attach_size(); ++i) {
    BPFRIG_RETURN_IF_ERROR(WithField(CheckAttachTarget(request.attach(i)), Index("attach", i)));
  }
  return absl::OkStatus();
}

absl::Status CheckEntries(const v1::SeedMapRequest& request) {
  if (request.entries_size() > kMaxSeedEntries) {
    return TooLarge("entries", static_cast<size_t>(request.entries_size()), kMaxSeedEntries, "in a message");
  }
  const size_t bytes = request.ByteSizeLong();
  return bytes <= kMaxSeedBytes ? absl::OkStatus()
                                : TooLarge("entries", bytes, kMaxSeedBytes, "bytes in a message");
}

absl::Status CheckBehaviour(const v1::ServerBehaviour& behaviour) {
  using Kind = v1::ServerBehaviour::KindCase;
  const Kind kind = behaviour.kind_case();
  const bool denied = (kind == Kind::kEcho && !behaviour.echo()) ||
                      (kind == Kind::kSink && !behaviour.sink()) ||
                      (kind == Kind::kClose && !behaviour.close());
  return denied ? Invalid("behaviour", "false says nothing: name another behaviour instead")
                : absl::OkStatus();
}

absl::Status CheckPrefixes(absl::string_view field,
                           const google::protobuf::RepeatedPtrField<std::string>& prefixes) {
  if (prefixes.size() > kMaxAddresses) {
    return TooLarge(field, static_cast<size_t>(prefixes.size()), kMaxAddresses, "of them");
  }
  for (int i = 0; i < prefixes.size(); ++i) {
    BPFRIG_RETURN_IF_ERROR(CheckPrefix(Index(field, i), prefixes[i]));
  }
  return absl::OkStatus();
}

absl::Status CheckLabel(absl::string_view label) {
  if (label.size() > kMaxLabelBytes) return TooLarge("label", label.size(), kMaxLabelBytes, "characters");
  // It goes to the log as it is.
  return CheckOptionalReference("label", label);
}

}  // namespace

absl::Status Validate(const v1::OpenSandboxRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckPrefixes("addresses", request.addresses()));
  BPFRIG_RETURN_IF_ERROR(CheckPrefixes("local_routes", request.local_routes()));
  BPFRIG_RETURN_IF_ERROR(CheckLabel(request.label()));
  const uint32_t open_files = request.limits().open_files();
  if (open_files == 0 || open_files >= kMinOpenFiles) return absl::OkStatus();
  return WithField(
      Invalid("open_files", absl::StrCat("less than ", kMinOpenFiles, " are not enough for a worker")),
      "limits");
}

absl::Status Validate(const v1::CloseSandboxRequest& request) { return CheckSandbox(request.sandbox()); }

absl::Status Validate(const v1::LoadProgramRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  BPFRIG_RETURN_IF_ERROR(CheckName("name", request.name()));
  if (request.object().empty()) return Invalid("object", "is missing");
  if (request.object().size() > kMaxObjectBytes) {
    return TooLarge("object", request.object().size(), kMaxObjectBytes, "bytes");
  }
  BPFRIG_RETURN_IF_ERROR(AtMost("log_level", request.log_level(), kMaxLogLevel));
  return request.types_only() ? CheckTypesOnly(request) : CheckSelections(request);
}

absl::Status Validate(const v1::AttachRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  return WithField(CheckAttachTarget(request.target()), "target");
}

absl::Status Validate(const v1::DetachRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  return CheckReference("link", request.link());
}

absl::Status Validate(const v1::ListenRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  BPFRIG_RETURN_IF_ERROR(CheckName("name", request.name()));
  BPFRIG_RETURN_IF_ERROR(CheckSocketAddress("at", request.at()));
  return CheckBehaviour(request.behaviour());
}

absl::Status Validate(const v1::ConnectRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  BPFRIG_RETURN_IF_ERROR(CheckOptionalName("name", request.name()));
  BPFRIG_RETURN_IF_ERROR(CheckSocketAddress("to", request.to()));
  if (!request.from().address().empty()) BPFRIG_RETURN_IF_ERROR(CheckSocketAddress("from", request.from()));
  BPFRIG_RETURN_IF_ERROR(WithField(CheckPort(request.from()), "from"));
  return AtMost("timeout_ms", request.timeout_ms(), kMaxTimeoutMs);
}

absl::Status Validate(const v1::SendRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  BPFRIG_RETURN_IF_ERROR(CheckEnd("from", request.from()));
  return AtMost("timeout_ms", request.timeout_ms(), kMaxTimeoutMs);
}

absl::Status Validate(const v1::ReceiveRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  BPFRIG_RETURN_IF_ERROR(CheckEnd("at", request.at()));
  return AtMost("timeout_ms", request.timeout_ms(), kMaxTimeoutMs);
}

absl::Status Validate(const v1::DisconnectRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  return CheckEnd("connection", request.connection());
}

absl::Status Validate(const v1::DumpMapRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  BPFRIG_RETURN_IF_ERROR(CheckReference("map", request.map()));
  BPFRIG_RETURN_IF_ERROR(CheckOptionalReference("key_type", request.key_type()));
  BPFRIG_RETURN_IF_ERROR(CheckOptionalReference("value_type", request.value_type()));
  return CheckBatch(request.batch());
}

absl::Status Validate(const v1::ReadEventsRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  BPFRIG_RETURN_IF_ERROR(CheckReference("map", request.map()));
  BPFRIG_RETURN_IF_ERROR(CheckOptionalReference("type", request.type()));
  return AtMost("wait_ms", request.wait_ms(), kMaxTimeoutMs);
}

absl::Status Validate(const v1::RunProgramRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  BPFRIG_RETURN_IF_ERROR(CheckReference("program", request.program()));
  for (const auto& [field, size] :
       {std::pair("data", request.data().size()), std::pair("context", request.context().size())}) {
    if (size > kMaxPacketBytes) return TooLarge(field, size, kMaxPacketBytes, "bytes");
  }
  return AtMost("repeat", request.repeat(), kMaxRepeat);
}

absl::Status ValidateFirst(const v1::SeedMapRequest& request) {
  BPFRIG_RETURN_IF_ERROR(CheckSandbox(request.sandbox()));
  BPFRIG_RETURN_IF_ERROR(CheckReference("map", request.map()));
  BPFRIG_RETURN_IF_ERROR(CheckOptionalReference("key_type", request.key_type()));
  BPFRIG_RETURN_IF_ERROR(CheckOptionalReference("value_type", request.value_type()));
  BPFRIG_RETURN_IF_ERROR(CheckBatch(request.batch()));
  return CheckEntries(request);
}

absl::Status ValidateNext(const v1::SeedMapRequest& request) {
  constexpr char kFirstOnly[] = "belongs in the stream's first message only";
  if (!request.sandbox().empty()) return Invalid("sandbox", kFirstOnly);
  if (!request.map().empty()) return Invalid("map", kFirstOnly);
  if (!request.key_type().empty()) return Invalid("key_type", kFirstOnly);
  if (!request.value_type().empty()) return Invalid("value_type", kFirstOnly);
  if (request.batch() != v1::BATCH_MODE_UNSPECIFIED) return Invalid("batch", kFirstOnly);
  return CheckEntries(request);
}

absl::Status MissingFirst(const char* name) {
  return base::MakeError(base::Reason::kInvalidField, absl::StrCat(name, ": the stream has no message"));
}

}  // namespace bpfrig::front
