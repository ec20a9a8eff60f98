// RPCs that answer with a stream (DumpMap, ReadEvents, ListInstructions): the worker's replies go to the
// client one by one, as bytes, which nobody here has to understand. While the client does not read, nothing
// is read from the worker, so that it waits too.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "daemon/base/status.h"
#include "daemon/front/rpc/relay.h"
#include "daemon/front/rpc/validate.h"
#include "daemon/front/sandboxes/event.h"
#include "daemon/ipc/envelope.h"

namespace bpfrig::front {

// Owns itself, as gRPC's reactors do, until OnDone.
template <class Request, class Response>
class ServerStreamRelay final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  // `request` is an encoded Request.
  ServerStreamRelay(const RelayEnvironment& environment, grpc::CallbackServerContext& context,
                    const grpc::ByteBuffer& request)
      : context_(context) {
    const absl::Status status = Begin(environment, request);
    if (!status.ok()) End(status);
  }

  void OnWriteDone(bool ok) override {
    write_ok_ = ok;
    write_done_.Signal();
  }

  void OnCancel() override {
    if (call_) call_->Cancel();
  }

  void OnDone() override { delete this; }

 private:
  absl::Status Begin(const RelayEnvironment& environment, const grpc::ByteBuffer& request) {
    BPFRIG_RETURN_IF_ERROR(Parse(request, request_));
    BPFRIG_ASSIGN_OR_RETURN(write_done_, Event::Create());
    BPFRIG_ASSIGN_OR_RETURN(call_, PrepareCall(environment, context_, request_, request_.sandbox(),
                                               Validate(request_), admission_));
    return environment.threads.Start([this] { End(Relay()); });
  }

  void End(const absl::Status& status) {
    admission_ = Admission();
    Finish(EndOfCall(NameOfCall<Request>(), status));
  }

  absl::Status Relay() {
    internal::v1::CallRequest request;
    BPFRIG_RETURN_IF_ERROR(ipc::PutCopy(request_, request));
    BPFRIG_RETURN_IF_ERROR(call_->Start(request));
    while (true) {
      BPFRIG_ASSIGN_OR_RETURN(const bool more, NextReply());
      if (!more) return absl::OkStatus();
      StartWrite(&outgoing_);
      BPFRIG_RETURN_IF_ERROR(AwaitWrite());
    }
  }

  // By itself, so that nothing but the one message is in memory while the client does not read it.
  absl::StatusOr<bool> NextReply() {
    outgoing_.Clear();
    std::string message;
    BPFRIG_ASSIGN_OR_RETURN(const bool more, call_->NextEncoded(*Response::descriptor(), message));
    if (more) outgoing_ = ToBuffer(message);
    return more;
  }

  // Until gRPC has taken the message.
  absl::Status AwaitWrite() {
    const absl::StatusOr<int> ready = WaitForAny({write_done_.Get()}, call_->deadline());
    if (absl::IsDeadlineExceeded(ready.status())) {
      // The write must not stay: the client, which does not read, gets to know of it when it does.
      context_.TryCancel();
      return call_->GiveUpAtDeadline();
    }
    BPFRIG_RETURN_IF_ERROR(ready.status());
    write_done_.Clear();
    if (write_ok_) return absl::OkStatus();
    call_->Cancel();
    return absl::CancelledError("the client has gone");
  }

  grpc::CallbackServerContext& context_;
  Request request_;
  Admission admission_;
  grpc::ByteBuffer outgoing_;
  Event write_done_;
  std::atomic<bool> write_ok_ = false;
  std::unique_ptr<WorkerCall> call_;  // set before there is a thread
};

template <class Request, class Response>
grpc::ServerWriteReactor<grpc::ByteBuffer>* RelayServerStream(const RelayEnvironment& environment,
                                                              grpc::CallbackServerContext& context,
                                                              const grpc::ByteBuffer* request) {
  return new ServerStreamRelay<Request, Response>(environment, context, *request);
}

}  // namespace bpfrig::front
