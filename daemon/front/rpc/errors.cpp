#include "daemon/front/rpc/errors.h"

#include <grpcpp/support/status.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/error.pb.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

// The message goes twice, once in base64; with all of them at their longest the trailers stay below 8 KiB.
constexpr size_t kMaxMessageBytes = 1600;
constexpr size_t kMaxHintBytes = 600;
constexpr size_t kMaxNameBytes = 300;

// At most `limit` bytes of `text`, cut between two characters: protobuf refuses half of one.
std::string Cut(absl::string_view text, size_t limit) {
  constexpr absl::string_view kEllipsis = "...";
  if (text.size() <= limit) return std::string(text);
  size_t end = limit - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), kEllipsis);
}

v1::ErrorDetail ToProto(const base::ErrorDetail& detail) {
  v1::ErrorDetail proto;
  proto.set_reason(static_cast<v1::ErrorReason>(detail.reason));
  proto.set_errno_name(Cut(detail.errno_name, kMaxNameBytes));
  proto.set_object(Cut(detail.object, kMaxNameBytes));
  proto.set_hint(Cut(detail.hint, kMaxHintBytes));
  proto.set_field(Cut(detail.field, kMaxNameBytes));
  return proto;
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = Cut(status.message(), kMaxMessageBytes);
  v1::RpcStatus rpc_status;
  rpc_status.set_code(static_cast<int>(status.code()));
  rpc_status.set_message(message);
  rpc_status.add_details()->PackFrom(ToProto(base::DetailOf(status)));
  return {static_cast<grpc::StatusCode>(status.code()), message, rpc_status.SerializeAsString()};
}

}  // namespace bpfrig::front
