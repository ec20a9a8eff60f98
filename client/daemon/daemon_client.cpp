#include "client/daemon/daemon_client.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::daemon {

void AddToken(grpc::ClientContext& context, const std::string& token) {
  if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
}

DaemonClient::DaemonClient(Connection connection)
    : stub_(bpfrig::v1::BpfRig::NewStub(connection.channel)), token_(std::move(connection.token)) {}

void DaemonClient::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* context : running_) context->TryCancel();
}

bool DaemonClient::IsCancelled() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
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
