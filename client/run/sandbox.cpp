#include "client/run/sandbox.h"
#include "proto/rules/call_traits.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/rules/plan_words.h"

namespace bpfrig::client::run {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kOpenTimeout = seconds(10);
constexpr milliseconds kCloseTimeout = seconds(30);
// For the stream to end after CloseSandbox answered.
constexpr milliseconds kLeaseTimeout = seconds(5);

}  // namespace

Sandbox::Sandbox(daemon::DaemonClient& client) : client_(client), lease_(client, std::nullopt) {}

std::variant<std::unique_ptr<Sandbox>, daemon::RpcError> Sandbox::Open(
    daemon::DaemonClient& client, const bpfrig::v1::OpenSandboxRequest& request) {
  std::unique_ptr<Sandbox> sandbox(new Sandbox(client));
  sandbox->reader_ = client.stub().OpenSandbox(sandbox->lease_.context(), request);
  sandbox->thread_ = std::thread([raw = sandbox.get()] { raw->ReadLease(); });
  if (std::optional<daemon::RpcError> error = sandbox->WaitForOpened()) return *std::move(error);
  return sandbox;
}

Sandbox::~Sandbox() {
  lease_.context()->TryCancel();
  if (thread_.joinable()) thread_.join();
}

void Sandbox::ReadLease() {
  bpfrig::v1::OpenSandboxResponse response;
  while (reader_->Read(&response)) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (response.has_opened()) opened_ = response.opened();
    if (response.has_ended()) ended_ = response.ended();
    changed_.notify_all();
  }
  grpc::Status status = reader_->Finish();
  const std::lock_guard<std::mutex> lock(mutex_);
  finished_ = std::move(status);
  changed_.notify_all();
}

std::optional<daemon::RpcError> Sandbox::WaitForOpened() {
  std::unique_lock<std::mutex> lock(mutex_);
  const bool answered =
      changed_.wait_for(lock, kOpenTimeout, [&] { return opened_.has_value() || finished_.has_value(); });
  if (opened_) {
    id_ = opened_->sandbox();
    return std::nullopt;
  }
  if (!answered) {
    return daemon::RpcError{grpc::StatusCode::DEADLINE_EXCEEDED,
                            absl::StrCat("no sandbox within ", kOpenTimeout.count() / 1000, " s"),
                            {}};
  }
  if (std::optional<daemon::RpcError> error = daemon::ErrorOf(*finished_)) return error;
  return daemon::RpcError{grpc::StatusCode::INTERNAL,
                          ended_ ? ended_->message() : "the sandbox's stream ended before it opened",
                          {}};
}

std::optional<daemon::RpcError> Sandbox::Call(const google::protobuf::MethodDescriptor& method,
                                              google::protobuf::Message& request,
                                              google::protobuf::Message& answer, milliseconds timeout) {
  request.GetReflection()->SetString(&request, method.input_type()->FindFieldByName("sandbox"), id_);
  return client_.Call(method, request, answer, timeout);
}

bool Sandbox::WaitForEnd(milliseconds timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return ended_.has_value() || finished_.has_value(); });
}

std::string Sandbox::EndMessage() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (ended_ && ended_->reason() != bpfrig::v1::SANDBOX_END_REASON_CLOSED) {
    std::string text = absl::StrCat("the sandbox ended: ", rules::InPlanWords(ended_->message()));
    const std::string& signal = ended_->signal_name();
    if (!signal.empty() && !absl::StrContains(text, signal)) absl::StrAppend(&text, " (", signal, ")");
    return text;
  }
  if (!ended_ && finished_) {
    return finished_->ok() ? "the sandbox's lease ended without a word"
                           : absl::StrCat("the sandbox's lease broke: ", finished_->error_message());
  }
  return "";
}

bool Sandbox::IsHung() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return ended_ && ended_->reason() == bpfrig::v1::SANDBOX_END_REASON_WORKER_HUNG;
}

bool Sandbox::IsEndTold() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return ended_.has_value();
}

std::variant<bpfrig::v1::CloseSandboxResponse, daemon::RpcError> Sandbox::Close() {
  bpfrig::v1::CloseSandboxRequest request;
  bpfrig::v1::CloseSandboxResponse ledger;
  std::optional<daemon::RpcError> error =
      Call(*rules::Service().FindMethodByName("CloseSandbox"), request, ledger, kCloseTimeout);
  if (error) return *std::move(error);
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, kLeaseTimeout, [&] { return finished_.has_value(); });
  return ledger;
}

}  // namespace bpfrig::client::run
