#include "daemon/front/rpc/relay.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/front/rpc/errors.h"

namespace bpfrig::front {

absl::Time DeadlineOf(const grpc::CallbackServerContext& context, const RelayEnvironment& environment) {
  // Longer than any call has a use for, and within what poll() can wait.
  constexpr absl::Duration kMaxTime = absl::Hours(24);
  const absl::Time now = absl::Now();
  // How gRPC says that there is none.
  if (context.deadline() == std::chrono::system_clock::time_point::max())
    return now + environment.default_deadline;
  return std::min(absl::FromChrono(context.deadline()), now + kMaxTime);
}

absl::StatusOr<Admission> Admit(const RelayEnvironment& environment,
                                const grpc::CallbackServerContext& context,
                                const google::protobuf::Message& request) {
  const uint64_t bytes = request.ByteSizeLong();
  environment.arrived(context, bytes);
  BPFRIG_ASSIGN_OR_RETURN(const std::string caller, environment.caller_of(context));
  Admission admission;
  BPFRIG_ASSIGN_OR_RETURN(admission.call, environment.shares.calls.Take(caller));
  BPFRIG_ASSIGN_OR_RETURN(admission.request, environment.shares.requests.Take(caller, bytes));
  return admission;
}

absl::StatusOr<std::unique_ptr<WorkerCall>> PrepareCall(const RelayEnvironment& environment,
                                                        const grpc::CallbackServerContext& context,
                                                        const google::protobuf::Message& request,
                                                        const std::string& sandbox, const absl::Status& valid,
                                                        Admission& admission) {
  BPFRIG_RETURN_IF_ERROR(valid);
  BPFRIG_ASSIGN_OR_RETURN(admission, Admit(environment, context, request));
  absl::StatusOr<std::shared_ptr<Sandbox>> found = environment.registry.Find(sandbox);
  if (!found.ok()) return base::WithField(found.status(), "sandbox");
  return WorkerCall::Create(*std::move(found), request, DeadlineOf(context, environment));
}

absl::Status Parse(const grpc::ByteBuffer& bytes, google::protobuf::Message& message) {
  grpc::ByteBuffer buffer = bytes;  // the same bytes, to be read
  grpc::ProtoBufferReader reader(&buffer);
  if (message.ParseFromZeroCopyStream(&reader)) return absl::OkStatus();
  return base::MakeError(base::Reason::kInvalidField,
                         absl::StrCat("reading a ", message.GetDescriptor()->name(), ": malformed"));
}

grpc::ByteBuffer ToBuffer(absl::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

grpc::Status EndOfCall(absl::string_view name, const absl::Status& status) {
  if (absl::IsInternal(status)) {
    base::LogError(absl::StrCat(name, ": ", status.message()));
  } else if (!status.ok()) {
    base::LogDebug(absl::StrCat(name, ": ", status.ToString(absl::StatusToStringMode::kWithNoExtraData)));
  }
  return ToGrpc(status);
}

}  // namespace bpfrig::front
