#include "client/daemon/daemon_client.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::daemon {

void AddToken(grpc::ClientContext& context, const std::string& token) {
  if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
}

DaemonClient::DaemonClient(Connection connection)
    : stub_(bpfrig::v1::BpfRig::NewStub(connection.channel)),
      generic_(std::make_unique<grpc::GenericStub>(connection.channel)),
      token_(std::move(connection.token)) {}

void DaemonClient::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* context : running_) context->TryCancel();
}

bool DaemonClient::IsCancelled() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
}

void DaemonClient::Disconnect() {
  stub_.reset();
  generic_.reset();
}

std::optional<RpcError> DaemonClient::Call(const google::protobuf::MethodDescriptor& method,
                                           const google::protobuf::Message& request,
                                           google::protobuf::Message& response,
                                           std::chrono::milliseconds timeout) {
  using Traits = grpc::SerializationTraits<google::protobuf::Message>;
  RunningCall call(*this, timeout);
  grpc::ByteBuffer sent;
  bool owned = false;
  grpc::Status status = Traits::Serialize(request, &sent, &owned);
  if (!status.ok()) return ErrorOf(status);
  // A queue of its own, as each of gRPC's own blocking calls has.
  grpc::CompletionQueue queue;
  const std::string path = absl::StrCat("/", method.service()->full_name(), "/", method.name());
  const auto reader = generic_->PrepareUnaryCall(call.context(), path, sent, &queue);
  reader->StartCall();
  grpc::ByteBuffer came;
  reader->Finish(&came, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return ErrorOf(status);
  return ErrorOf(Traits::Deserialize(&came, &response));
}

RunningCall::RunningCall(DaemonClient& client, std::optional<std::chrono::milliseconds> timeout)
    : client_(client) {
  if (timeout) context_.set_deadline(std::chrono::system_clock::now() + *timeout);
  AddToken(context_, client_.token_);
  const std::lock_guard<std::mutex> lock(client_.mutex_);
  client_.running_.insert(&context_);
  if (client_.cancelled_) context_.TryCancel();
}

RunningCall::~RunningCall() {
  const std::lock_guard<std::mutex> lock(client_.mutex_);
  client_.running_.erase(&context_);
}

}  // namespace bpfrig::client::daemon
