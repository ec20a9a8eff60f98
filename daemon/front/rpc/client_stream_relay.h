// RPCs that take a stream and answer once (SeedMap): the client's messages go to the worker one by one, the
// socket being the back-pressure. The worker may refuse in the middle, which ends the RPC at once.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "daemon/base/status.h"
#include "daemon/front/rpc/relay.h"
#include "daemon/front/rpc/validate.h"
#include "daemon/front/sandboxes/event.h"
#include "daemon/ipc/envelope.h"

namespace bpfrig::front {

// Owns itself, as gRPC's reactors do, until OnDone.
template <class Request, class Response>
class ClientStreamRelay final : public grpc::ServerReadReactor<Request> {
 public:
  ClientStreamRelay(const RelayEnvironment& environment, grpc::CallbackServerContext& context,
                    Response* response)
      : environment_(environment), context_(context), response_(response) {
    this->StartRead(&incoming_);
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
    const absl::Status valid = ok ? Validate(incoming_) : MissingFirst(name.c_str());
    auto call = PrepareCall(environment_, context_, incoming_, incoming_.sandbox(), valid, admission_);
    absl::StatusOr<Event> event = Event::Create();
    absl::Status status = call.ok() ? event.status() : call.status();
    if (status.ok()) {
      read_done_ = *std::move(event);
      {
        const std::lock_guard lock(mutex_);
        call_ = *std::move(call);
        if (cancelled_) call_->Cancel();
      }
      status = environment_.threads.Start([this, &name] { End(name, Relay()); });
    }
    if (!status.ok()) End(name, status);
  }

  void End(const std::string& name, const absl::Status& status) {
    admission_ = Admission();
    this->Finish(EndOfCall(name, status));
  }

  absl::Status Relay() {
    internal::v1::CallRequest request;
    BPFRIG_RETURN_IF_ERROR(ipc::PutSwapped(incoming_, request));
    BPFRIG_RETURN_IF_ERROR(call_->Start(request));
    while (true) {
      this->StartRead(&incoming_);
      BPFRIG_RETURN_IF_ERROR(AwaitRead());
      if (!read_ok_) break;
      environment_.arrived(context_, incoming_.ByteSizeLong());
      BPFRIG_RETURN_IF_ERROR(ValidateNext(incoming_));
      BPFRIG_RETURN_IF_ERROR(ipc::PutSwapped(incoming_, request));
      BPFRIG_RETURN_IF_ERROR(call_->Send(request));
    }
    call_->FinishSending();
    internal::v1::CallReply reply;
    BPFRIG_ASSIGN_OR_RETURN(const bool answered, call_->Next(reply));
    if (!answered || !ipc::Take(reply, *response_)) return WrongReply(*call_);
    BPFRIG_ASSIGN_OR_RETURN(const bool more, call_->Next(reply));
    return more ? WrongReply(*call_) : absl::OkStatus();
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
  Response* const response_;
  Admission admission_;
  Request incoming_;
  Event read_done_;
  std::atomic<bool> read_ok_ = false;
  std::mutex mutex_;
  bool cancelled_ = false;
  std::unique_ptr<WorkerCall> call_;  // set once, under the mutex, before there is a thread
};

template <class Request, class Response>
[[nodiscard]] grpc::ServerReadReactor<Request>* RelayClientStream(const RelayEnvironment& environment,
                                                                  grpc::CallbackServerContext& context,
                                                                  Response* response) {
  return new ClientStreamRelay<Request, Response>(environment, context, response);
}

}  // namespace bpfrig::front
