#include "daemon/front/testing/front_fixture.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/fd.h"

namespace bpfrig::front {
namespace {

common::Fd ListenAt(const std::string& path) {
  common::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  EXPECT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(::bind(fd.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::listen(fd.Get(), 64), 0);
  return fd;
}

}  // namespace

v1::ErrorDetail DetailOf(const grpc::Status& status) {
  v1::RpcStatus rpc_status;
  v1::ErrorDetail detail;
  if (rpc_status.ParseFromString(status.error_details()) && rpc_status.details_size() == 1) {
    EXPECT_TRUE(rpc_status.details(0).UnpackTo(&detail));
    EXPECT_EQ(rpc_status.message(), status.error_message());
    EXPECT_EQ(rpc_status.code(), status.error_code());
  }
  return detail;
}

OpenedSandbox::OpenedSandbox(v1::BpfRig::Stub& stub, const v1::OpenSandboxRequest& request)
    : stream_(stub.OpenSandbox(&context_, request)) {
  v1::OpenSandboxResponse response;
  if (stream_->Read(&response)) id_ = response.opened().sandbox();
}

OpenedSandbox::~OpenedSandbox() {
  context_.TryCancel();
  if (!finished_) (void)stream_->Finish();
}

std::optional<v1::SandboxEnded> OpenedSandbox::AwaitEnd() {
  v1::OpenSandboxResponse response;
  if (!stream_->Read(&response) || !response.has_ended()) return std::nullopt;
  EXPECT_TRUE(Finish().ok());
  return response.ended();
}

grpc::Status OpenedSandbox::Finish() {
  finished_ = true;
  return stream_->Finish();
}

void FrontFixture::StartFront(FakeWorker::Script script, FrontOptions options,
                              std::function<void(const internal::v1::CallRequest&)> before,
                              const absl::Status& refusal) {
  const std::string path = socket_path();
  options.limits.spare_sandboxes = spares_;
  supervisor_ = std::make_unique<FakeSupervisor>(
      [script = std::move(script), before = std::move(before)](FakeWorker& worker, ipc::MessageSocket& call,
                                                               const internal::v1::CallRequest& request) {
        if (before) before(request);
        if (!AnswerBasics(call, request)) script(worker, call, request);
      });
  if (!refusal.ok()) supervisor_->RefuseSpawns(refusal.code(), std::string(refusal.message()));
  auto front = Front::Start(
      options,
      {.listener = ListenAt(path), .control = supervisor_->TakeControl(), .tcp_listener = common::Fd()});
  ASSERT_TRUE(front.ok()) << front.status();
  front_ = *std::move(front);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  lifeline_ = common::Fd(pipe[1]);
  runner_ = std::thread([this, lifeline = pipe[0]] {
    const common::Fd owned(lifeline);
    const absl::StatusOr<Event> no_signals = Event::Create();
    result_ = front_->Run(owned.Get(), no_signals->Get());
  });
  channel_ = grpc::CreateChannel("unix:" + path, grpc::InsecureChannelCredentials());
  stub_ = v1::BpfRig::NewStub(channel_);
}

std::shared_ptr<grpc::Channel> FrontFixture::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("unix:" + socket_path(), grpc::InsecureChannelCredentials(), arguments);
}

absl::Status FrontFixture::StopFront() {
  lifeline_.Close();
  return AwaitEnd();
}

absl::Status FrontFixture::AwaitEnd() {
  if (runner_.joinable()) runner_.join();
  return result_;
}

void FrontFixture::TearDown() {
  if (front_) (void)StopFront();
  front_.reset();
  supervisor_.reset();
}

grpc::Status FrontFixture::Attach(const std::string& sandbox, std::optional<absl::Duration> deadline) {
  grpc::ClientContext context;
  if (deadline) context.set_deadline(absl::ToChronoTime(absl::Now() + *deadline));
  v1::AttachRequest request;
  request.set_sandbox(sandbox);
  request.mutable_target()->set_program("program");
  v1::AttachResponse response;
  return stub_->Attach(&context, request, &response);
}

}  // namespace bpfrig::front
