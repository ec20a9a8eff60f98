#include "daemon/base/status.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/errno_name.h"

namespace bpfrig::base {
namespace {

constexpr char kReasonUrl[] = "bpfrig/reason";
constexpr char kErrnoUrl[] = "bpfrig/errno";
constexpr char kObjectUrl[] = "bpfrig/object";
constexpr char kHintUrl[] = "bpfrig/hint";
constexpr char kFieldUrl[] = "bpfrig/field";

std::string Payload(const absl::Status& status, absl::string_view url) {
  return std::string(status.GetPayload(url).value_or(absl::Cord()));
}

void SetPayload(absl::Status& status, absl::string_view url, absl::string_view text) {
  if (!text.empty()) status.SetPayload(url, absl::Cord(text));
}

absl::StatusCode CodeOf(Reason reason) {
  switch (reason) {
    case Reason::kInvalidField:
    case Reason::kTypeMismatch:
    case Reason::kBadObject:
    case Reason::kNoType:
      return absl::StatusCode::kInvalidArgument;
    case Reason::kOutOfRange:
      return absl::StatusCode::kOutOfRange;
    case Reason::kUnknownName:
      return absl::StatusCode::kNotFound;
    case Reason::kDuplicateName:
      return absl::StatusCode::kAlreadyExists;
    case Reason::kKernelRefused:
      return absl::StatusCode::kFailedPrecondition;
    case Reason::kUnsupported:
      return absl::StatusCode::kUnimplemented;
    case Reason::kLimitReached:
      return absl::StatusCode::kResourceExhausted;
    case Reason::kSandboxClosed:
      return absl::StatusCode::kAborted;
    case Reason::kWorkerDied:
      return absl::StatusCode::kUnavailable;
    case Reason::kDeadline:
      return absl::StatusCode::kDeadlineExceeded;
    case Reason::kNotAllowed:
      return absl::StatusCode::kPermissionDenied;
    case Reason::kUnspecified:
    case Reason::kInternal:
      return absl::StatusCode::kInternal;
  }
  return absl::StatusCode::kInternal;
}

std::string JoinPath(absl::string_view front, absl::string_view back) {
  if (back.empty()) return std::string(front);
  return absl::StrCat(front, back.front() == '[' ? "" : ".", back);
}

absl::Status SystemError(int error_number, absl::string_view action) {
  const char* cause = error_number == common::kEnotsupp
                          ? "Operation is not supported by the kernel (ENOTSUPP)"
                          : std::strerror(error_number);
  // Of the process's open files, which is a limit of the sandbox's or of the daemon's.
  const Reason reason = error_number == EMFILE ? Reason::kLimitReached : Reason::kKernelRefused;
  absl::Status status = MakeError(reason, absl::StrCat(action, ": ", cause));
  SetPayload(status, kErrnoUrl, common::ErrnoName(error_number));
  return status;
}

}  // namespace

absl::Status MakeError(Reason reason, absl::string_view message) {
  absl::Status status(CodeOf(reason), message);
  SetPayload(status, kReasonUrl, absl::StrCat(static_cast<int>(reason)));
  return status;
}

absl::Status ErrnoError(absl::string_view action) { return SystemError(errno, action); }

absl::Status KernelError(int negative_errno, absl::string_view action) {
  return SystemError(-negative_errno, action);
}

ErrorDetail DetailOf(const absl::Status& status) {
  ErrorDetail detail;
  int reason = 0;
  if (absl::SimpleAtoi(Payload(status, kReasonUrl), &reason)) detail.reason = static_cast<Reason>(reason);
  detail.errno_name = Payload(status, kErrnoUrl);
  detail.object = Payload(status, kObjectUrl);
  detail.hint = Payload(status, kHintUrl);
  detail.field = Payload(status, kFieldUrl);
  return detail;
}

absl::Status WithDetail(const absl::Status& status, const ErrorDetail& detail) {
  absl::Status result = status;
  SetPayload(result, kReasonUrl, absl::StrCat(static_cast<int>(detail.reason)));
  SetPayload(result, kErrnoUrl, detail.errno_name);
  SetPayload(result, kObjectUrl, detail.object);
  SetPayload(result, kHintUrl, detail.hint);
  SetPayload(result, kFieldUrl, detail.field);
  return result;
}

absl::Status WithField(const absl::Status& status, absl::string_view field) {
  absl::Status result = status;
  if (!status.ok()) SetPayload(result, kFieldUrl, JoinPath(field, Payload(status, kFieldUrl)));
  return result;
}

absl::Status WithHint(const absl::Status& status, absl::string_view hint) {
  absl::Status result = status;
  if (!status.ok() && Payload(status, kHintUrl).empty()) SetPayload(result, kHintUrl, hint);
  return result;
}

absl::Status WithObject(const absl::Status& status, absl::string_view object) {
  absl::Status result = status;
  if (!status.ok() && Payload(status, kObjectUrl).empty()) SetPayload(result, kObjectUrl, object);
  return result;
}

}  // namespace bpfrig::base
