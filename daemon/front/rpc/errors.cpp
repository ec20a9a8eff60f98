#include "daemon/front/rpc/errors.h"

#include <grpcpp/support/status.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/error.pb.h"
#include "daemon/base/status.h"
#include "daemon/ipc/error_detail.h"

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

v1::ErrorDetail ShortDetailOf(const absl::Status& status) {
  base::ErrorDetail detail = base::DetailOf(status);
  detail.errno_name = Cut(detail.errno_name, kMaxNameBytes);
  detail.object = Cut(detail.object, kMaxNameBytes);
  detail.hint = Cut(detail.hint, kMaxHintBytes);
  detail.field = Cut(detail.field, kMaxNameBytes);
  return ipc::ToProto(detail);
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = Cut(status.message(), kMaxMessageBytes);
  v1::RpcStatus rpc_status;
  rpc_status.set_code(static_cast<int>(status.code()));
  rpc_status.set_message(message);
  rpc_status.add_details()->PackFrom(ShortDetailOf(status));
  return {static_cast<grpc::StatusCode>(status.code()), message, rpc_status.SerializeAsString()};
}

}  // namespace bpfrig::front
