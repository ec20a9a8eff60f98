// RPCs that take a stream and answer once (SeedMap): the client's messages are looked at, and go to the
// worker one by one as the bytes that they came as, the socket being the back-pressure. The worker may refuse
// in the middle, which ends the RPC at once.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <mutex>
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
class ClientStreamRelay final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  // `response` will be an encoded Response.
  ClientStreamRelay(const RelayEnvironment& environment, grpc::CallbackServerContext& context,
                    grpc::ByteBuffer& response)
      : environment_(environment), context_(context), response_(response) {
    StartRead(&incoming_);
  }

  void OnReadDone(bool ok) override {
    if (!call_) return Begin(ok);
    read_ok_ = ok;
    read_done_.Signal();
  }

  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (call_) call_->Cancel();
  }

  void OnDone() override { delete this; }

 private:
  // The first message says which sandbox it is for; the rest is a thread's.
  void Begin(bool ok) {
    const std::string& name = NameOfCall<Request>();
    Request first;
    absl::Status valid = ok ? Parse(incoming_, first) : MissingFirst(name.c_str());
    if (valid.ok()) valid = Validate(first);
    auto call = PrepareCall(environment_, context_, first, first.sandbox(), valid, admission_);
    absl::StatusOr<Event> event = Event::Create();
    absl::Status status = call.ok() ? event.status() : call.status();
    if (status.ok()) {
      read_done_ = *std::move(event);
      {
        const std::lock_guard lock(mutex_);
        call_ = *std::move(call);
        if (cancelled_) call_->Cancel();
      }
      status = environment_.threads.Start(
          [this, &name, first = std::move(first)]() mutable { End(name, Relay(first)); });
    }
    if (!status.ok()) End(name, status);
  }

  void End(const std::string& name, const absl::Status& status) {
    admission_ = Admission();
    Finish(EndOfCall(name, status));
  }

  absl::Status Relay(Request& first) {
    internal::v1::CallRequest request;
    BPFRIG_RETURN_IF_ERROR(ipc::PutSwapped(first, request));
    BPFRIG_RETURN_IF_ERROR(call_->Start(request));
    while (true) {
      StartRead(&incoming_);
      BPFRIG_RETURN_IF_ERROR(AwaitRead());
      if (!read_ok_) break;
      environment_.arrived(context_, incoming_.Length());
      BPFRIG_RETURN_IF_ERROR(PassOn());
    }
    call_->FinishSending();
    std::string response;
    BPFRIG_ASSIGN_OR_RETURN(const bool answered, call_->NextEncoded(*Response::descriptor(), response));
    if (!answered) return WrongReply(*call_);
    response_ = ToBuffer(response);
    BPFRIG_ASSIGN_OR_RETURN(const bool more, call_->NextEncoded(*Response::descriptor(), response));
    return more ? WrongReply(*call_) : absl::OkStatus();
  }

  // What breaks a rule goes no further.
  absl::Status PassOn() {
    google::protobuf::Arena arena;  // thousands of values, of which nothing stays
    Request& request = *google::protobuf::Arena::CreateMessage<Request>(&arena);
    BPFRIG_RETURN_IF_ERROR(Parse(incoming_, request));
    BPFRIG_RETURN_IF_ERROR(ValidateNext(request));
    grpc::Slice bytes;
    BPFRIG_RETURN_IF_ERROR(Gather(bytes));
    return call_->SendEncoded(*Request::descriptor(),
                              {reinterpret_cast<const char*>(bytes.begin()), bytes.size()});
  }

  // In one piece.
  absl::Status Gather(grpc::Slice& bytes) const {
    if (incoming_.DumpToSingleSlice(&bytes).ok()) return absl::OkStatus();
    return base::MakeError(base::Reason::kInternal, "passing a request on: gRPC does not give its bytes");
  }

  // Until the client's next message is there. The worker says something before only to end the call.
  absl::Status AwaitRead() {
    const absl::StatusOr<int> ready = WaitForAny({read_done_.Get(), call_->Get()}, call_->deadline());
    if (absl::IsDeadlineExceeded(ready.status())) return call_->GiveUpAtDeadline();
    BPFRIG_RETURN_IF_ERROR(ready.status());
    if (*ready == read_done_.Get()) {
      read_done_.Clear();
      return absl::OkStatus();
    }
    internal::v1::CallReply reply;
    BPFRIG_RETURN_IF_ERROR(call_->Next(reply).status());
    return WrongReply(*call_);
  }

  const RelayEnvironment& environment_;
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& response_;
  Admission admission_;
  grpc::ByteBuffer incoming_;
  Event read_done_;
  std::atomic<bool> read_ok_ = false;
  std::mutex mutex_;
  bool cancelled_ = false;
  std::unique_ptr<WorkerCall> call_;  // set once, under the mutex, before there is a thread
};

template <class Request, class Response>
[[nodiscard]] grpc::ServerReadReactor<grpc::ByteBuffer>* RelayClientStream(
    const RelayEnvironment& environment, grpc::CallbackServerContext& context, grpc::ByteBuffer* response) {
  return new ClientStreamRelay<Request, Response>(environment, context, *response);
}

}  // namespace bpfrig::front
