// Errors: absl::Status with the detail that the API owes its callers (proto/bpfrig/v1/error.proto). Two
// makers of system errors, never mixed: ErrnoError reads errno, KernelError takes a negative errno as libbpf
// returns it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::base {

// What kind of failure it was: bpfrig.v1.ErrorReason documents them, daemon/ipc/error_detail.cpp says which
// is which.
enum class Reason {
  kUnspecified = 0,
  kInvalidField = 1,
  kUnknownName = 2,
  kDuplicateName = 3,
  kOutOfRange = 4,
  kTypeMismatch = 5,
  kBadObject = 6,
  kNoType = 7,
  kKernelRefused = 8,
  kUnsupported = 9,
  kLimitReached = 10,
  kSandboxClosed = 11,
  kWorkerDied = 12,
  kDeadline = 13,
  kInternal = 14,
  kNotAllowed = 15,
};

// What a Status carries besides code and message.
struct ErrorDetail {
  Reason reason = Reason::kUnspecified;
  // "EPERM", or empty.
  std::string errno_name;
  // What it was done to, or empty.
  std::string object;
  // What the caller can do about it, or empty.
  std::string hint;
  // The offending field of the request, as a path, or empty.
  std::string field;
};

// An error of ours, with the canonical code that goes with the reason.
[[nodiscard]] absl::Status MakeError(Reason reason, absl::string_view message);

// `action` and object, followed by what errno says: "opening /sys/fs/cgroup: Permission denied".
[[nodiscard]] absl::Status ErrnoError(absl::string_view action);
// The same for an error number that was returned negative, as libbpf does.
[[nodiscard]] absl::Status KernelError(int negative_errno, absl::string_view action);

// The detail; all defaults if there is none.
[[nodiscard]] ErrorDetail DetailOf(const absl::Status& status);
// The same status with that detail.
[[nodiscard]] absl::Status WithDetail(const absl::Status& status, const ErrorDetail& detail);
// Puts `field` before the path that the status has already: WithField(WithField(s, "b"), "a") is "a.b", and
// an index "[3]" joins without a dot. OK stays OK.
[[nodiscard]] absl::Status WithField(const absl::Status& status, absl::string_view field);
// Sets the hint or the object if there is none yet. OK stays OK.
[[nodiscard]] absl::Status WithHint(const absl::Status& status, absl::string_view hint);
[[nodiscard]] absl::Status WithObject(const absl::Status& status, absl::string_view object);

}  // namespace bpfrig::base

// Returns from the function if `expression`, an absl::Status, is not OK.
#define BPFRIG_RETURN_IF_ERROR(expression)                                                    \
  do {                                                                                        \
    if (absl::Status bpfrig_status = (expression); !bpfrig_status.ok()) return bpfrig_status; \
  } while (false)

#define BPFRIG_CONCAT_INNER(a, b) a##b
#define BPFRIG_CONCAT(a, b) BPFRIG_CONCAT_INNER(a, b)

// Evaluates `expression`, an absl::StatusOr; returns its status from the function, or assigns its value.
#define BPFRIG_ASSIGN_OR_RETURN(target, expression) \
  BPFRIG_ASSIGN_OR_RETURN_INNER(BPFRIG_CONCAT(bpfrig_status_or_, __LINE__), target, expression)
#define BPFRIG_ASSIGN_OR_RETURN_INNER(temporary, target, expression) \
  auto temporary = (expression);                                     \
  if (!temporary.ok()) return std::move(temporary).status();         \
  target = std::move(temporary).value()
