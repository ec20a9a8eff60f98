// What is wrong with a request by itself, before any worker sees it: names, sizes, ranges, fields that
// exclude each other. Errors carry the field's path. What depends on the sandbox is the worker's to judge.
#pragma once

#include "absl/status/status.h"
#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "bpfrig/v1/traffic.pb.h"

namespace bpfrig::front {

inline constexpr uint32_t kMaxObjectBytes = 16 * 1024 * 1024;

[[nodiscard]] absl::Status Validate(const v1::OpenSandboxRequest& request);
[[nodiscard]] absl::Status Validate(const v1::CloseSandboxRequest& request);
[[nodiscard]] absl::Status Validate(const v1::LoadProgramRequest& request);
[[nodiscard]] absl::Status Validate(const v1::AttachRequest& request);
[[nodiscard]] absl::Status Validate(const v1::DetachRequest& request);
[[nodiscard]] absl::Status Validate(const v1::ListenRequest& request);
[[nodiscard]] absl::Status Validate(const v1::ConnectRequest& request);
[[nodiscard]] absl::Status Validate(const v1::SendRequest& request);
[[nodiscard]] absl::Status Validate(const v1::ReceiveRequest& request);
[[nodiscard]] absl::Status Validate(const v1::DisconnectRequest& request);
[[nodiscard]] absl::Status Validate(const v1::DumpMapRequest& request);
[[nodiscard]] absl::Status Validate(const v1::ReadEventsRequest& request);
[[nodiscard]] absl::Status Validate(const v1::RunProgramRequest& request);

// Of a stream: its first message, the others, and that there is none.
[[nodiscard]] absl::Status ValidateFirst(const v1::SeedMapRequest& request);
[[nodiscard]] absl::Status ValidateNext(const v1::SeedMapRequest& request);
[[nodiscard]] absl::Status MissingFirst(const char* name);

}  // namespace bpfrig::front
