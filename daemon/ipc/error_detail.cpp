#include "daemon/ipc/error_detail.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace bpfrig::ipc {
namespace {

using base::Reason;

struct SameReason {
  Reason reason;
  v1::ErrorReason proto;
};

constexpr SameReason kReasons[] = {
    {Reason::kUnspecified, v1::ERROR_REASON_UNSPECIFIED},
    {Reason::kInvalidField, v1::ERROR_REASON_INVALID_FIELD},
    {Reason::kUnknownName, v1::ERROR_REASON_UNKNOWN_NAME},
    {Reason::kDuplicateName, v1::ERROR_REASON_DUPLICATE_NAME},
    {Reason::kOutOfRange, v1::ERROR_REASON_OUT_OF_RANGE},
    {Reason::kTypeMismatch, v1::ERROR_REASON_TYPE_MISMATCH},
    {Reason::kBadObject, v1::ERROR_REASON_BAD_OBJECT},
    {Reason::kNoType, v1::ERROR_REASON_NO_TYPE},
    {Reason::kKernelRefused, v1::ERROR_REASON_KERNEL_REFUSED},
    {Reason::kUnsupported, v1::ERROR_REASON_UNSUPPORTED},
    {Reason::kLimitReached, v1::ERROR_REASON_LIMIT_REACHED},
    {Reason::kSandboxClosed, v1::ERROR_REASON_SANDBOX_CLOSED},
    {Reason::kWorkerDied, v1::ERROR_REASON_WORKER_DIED},
    {Reason::kDeadline, v1::ERROR_REASON_DEADLINE},
    {Reason::kInternal, v1::ERROR_REASON_INTERNAL},
    {Reason::kNotAllowed, v1::ERROR_REASON_NOT_ALLOWED},
};

}  // namespace

v1::ErrorReason ToProto(Reason reason) {
  const auto* found = std::find_if(std::begin(kReasons), std::end(kReasons),
                                   [reason](const SameReason& same) { return same.reason == reason; });
  return found == std::end(kReasons) ? v1::ERROR_REASON_UNSPECIFIED : found->proto;
}

Reason FromProto(v1::ErrorReason reason) {
  const auto* found = std::find_if(std::begin(kReasons), std::end(kReasons),
                                   [reason](const SameReason& same) { return same.proto == reason; });
  return found == std::end(kReasons) ? Reason::kUnspecified : found->reason;
}

v1::ErrorDetail ToProto(const base::ErrorDetail& detail) {
  v1::ErrorDetail proto;
  proto.set_reason(ToProto(detail.reason));
  proto.set_errno_name(detail.errno_name);
  proto.set_object(detail.object);
  proto.set_hint(detail.hint);
  proto.set_field(detail.field);
  return proto;
}

base::ErrorDetail FromProto(const v1::ErrorDetail& detail) {
  return {.reason = FromProto(detail.reason()),
          .errno_name = detail.errno_name(),
          .object = detail.object(),
          .hint = detail.hint(),
          .field = detail.field()};
}

}  // namespace bpfrig::ipc
