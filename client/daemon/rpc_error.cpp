#include "client/daemon/rpc_error.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/rules/plan_words.h"
#include "proto/rules/reason_name.h"

namespace bpfrig::client::daemon {
namespace {

constexpr std::array<const char*, 17> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

std::string CodeName(grpc::StatusCode code) {
  const auto index = static_cast<size_t>(code);
  return index < kCodeNames.size() ? kCodeNames[index] : absl::StrCat("code ", index);
}

}  // namespace

std::optional<RpcError> ErrorOf(const grpc::Status& status) {
  if (status.ok()) return std::nullopt;
  RpcError error{status.error_code(), rules::InPlanWords(status.error_message()), {}};
  bpfrig::v1::RpcStatus details;
  if (details.ParseFromString(status.error_details())) {
    for (const auto& detail : details.details()) {
      if (detail.Is<bpfrig::v1::ErrorDetail>()) detail.UnpackTo(&error.detail);
    }
    error.detail.set_hint(rules::InPlanWords(error.detail.hint()));
  }
  return error;
}

bool IsRigFailure(const RpcError& error) {
  switch (error.detail.reason()) {
    case bpfrig::v1::ERROR_REASON_UNSPECIFIED:  // The daemon always gives a reason.
    case bpfrig::v1::ERROR_REASON_SANDBOX_CLOSED:
    case bpfrig::v1::ERROR_REASON_WORKER_DIED:
    case bpfrig::v1::ERROR_REASON_DEADLINE:  // Our deadlines are ten seconds longer than the daemon's.
    case bpfrig::v1::ERROR_REASON_INTERNAL:
      return true;
    default:
      return false;
  }
}

bool IsUnreachable(const RpcError& error) {
  return error.detail.reason() == bpfrig::v1::ERROR_REASON_UNSPECIFIED &&
         (error.code == grpc::StatusCode::UNAVAILABLE || error.code == grpc::StatusCode::DEADLINE_EXCEEDED);
}

std::string Describe(const RpcError& error) {
  const std::string kind = error.detail.reason() == bpfrig::v1::ERROR_REASON_UNSPECIFIED
                               ? CodeName(error.code)
                               : rules::ReasonName(error.detail.reason());
  std::string text = absl::StrCat(kind, ": ", error.message);
  const std::string& errno_name = error.detail.errno_name();
  if (!errno_name.empty() && !absl::StrContains(error.message, errno_name)) {
    absl::StrAppend(&text, " (", errno_name, ")");
  }
  return text;
}

}  // namespace bpfrig::client::daemon
