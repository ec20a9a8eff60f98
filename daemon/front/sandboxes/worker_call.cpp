#include "daemon/front/sandboxes/worker_call.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/front/sandboxes/event.h"
#include "daemon/front/sandboxes/finished_call.h"
#include "daemon/front/sandboxes/sealed_memfd.h"
#include "daemon/ipc/envelope.h"

namespace bpfrig::front {

using base::MakeError;
using base::Reason;

namespace {

// Moves the field's bytes into a file.
absl::StatusOr<common::Fd> TakeFile(const google::protobuf::FieldDescriptor& field,
                                    google::protobuf::Message& request) {
  std::string empty;
  const google::protobuf::Reflection& fields = *request.GetReflection();
  absl::StatusOr<common::Fd> file = MakeSealedMemfd(fields.GetStringReference(request, &field, &empty));
  fields.ClearField(&request, &field);
  return file;
}

// "RunProgram of object/program"; the call alone if it is about no program.
std::string WhatIsCalled(const rules::CallTraits& traits, const google::protobuf::Message& request) {
  const google::protobuf::FieldDescriptor* program = request.GetDescriptor()->FindFieldByName("program");
  if (program == nullptr || program->type() != google::protobuf::FieldDescriptor::TYPE_STRING)
    return traits.name;
  return absl::StrCat(traits.name, " of ", request.GetReflection()->GetString(request, program));
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerCall>> WorkerCall::Create(std::shared_ptr<Sandbox> sandbox,
                                                               const google::protobuf::Message& request,
                                                               absl::Time deadline) {
  const bool is_close = request.GetDescriptor() == v1::CloseSandboxRequest::descriptor();
  BPFRIG_ASSIGN_OR_RETURN(auto pair, sandbox->MakeCallSockets(is_close));
  return std::unique_ptr<WorkerCall>(
      new WorkerCall(std::move(sandbox), request, deadline, std::move(pair.first), std::move(pair.second)));
}

WorkerCall::WorkerCall(std::shared_ptr<Sandbox> sandbox, const google::protobuf::Message& request,
                       absl::Time deadline, common::Fd ours, common::Fd theirs)
    : sandbox_(std::move(sandbox)),
      traits_(rules::TraitsOf(*request.GetDescriptor())),
      loop_use_(rules::LoopUseOf(request)),
      what_(WhatIsCalled(traits_, request)),
      deadline_(deadline),
      socket_(std::move(ours)),
      worker_end_(std::move(theirs)) {
  sandbox_->Register(*this);
}

WorkerCall::~WorkerCall() { sandbox_->Unregister(*this); }

absl::Status WorkerCall::Start(const internal::v1::CallRequest& request, int attached) {
  // As much as there is room for goes ahead, so that the worker wakes once, for both.
  BPFRIG_RETURN_IF_ERROR(socket_.Begin(request, attached));
  const absl::Status passed = sandbox_->PassCallSocket(worker_end_.Get(), deadline_);
  worker_end_.Close();
  if (absl::IsDeadlineExceeded(passed)) return GiveUpAtDeadline();
  if (!passed.ok()) return Unfinished();
  return AfterSending(socket_.Flush(deadline_));
}

absl::Status WorkerCall::Send(const internal::v1::CallRequest& request, int attached) {
  return AfterSending(socket_.Send(request, attached, deadline_));
}

absl::Status WorkerCall::SendEncoded(const google::protobuf::Descriptor& type, absl::string_view message) {
  const auto* const field = ipc::FindField(*internal::v1::CallRequest::descriptor(), type);
  if (field == nullptr)
    return MakeError(Reason::kInternal, absl::StrCat(traits_.name, ": no worker takes such a request"));
  const std::string envelope = ipc::EncodeEnvelope({field->number(), message});
  return AfterSending(socket_.SendEncoded(envelope, deadline_));
}

absl::Status WorkerCall::AfterSending(const absl::Status& sent) {
  if (sent.ok()) return sent;
  if (absl::IsDeadlineExceeded(sent)) return GiveUpAtDeadline();
  if (absl::IsResourceExhausted(sent)) return sent;  // larger than messages may be
  // The worker does not read any more: it has said why, or is dead.
  internal::v1::CallReply reply;
  while (true) {
    const absl::StatusOr<bool> more = Next(reply);
    if (!more.ok()) return more.status();
    if (!*more)
      return MakeError(Reason::kInternal, "the worker finished the call before it had all requests");
  }
}

absl::StatusOr<bool> WorkerCall::Next(internal::v1::CallReply& reply) {
  BPFRIG_RETURN_IF_ERROR(AfterReceiving(socket_.Receive(reply, deadline_)));
  if (!reply.has_finished()) return true;
  BPFRIG_RETURN_IF_ERROR(FromFinished(reply.finished()));
  return false;
}

absl::StatusOr<bool> WorkerCall::NextEncoded(const google::protobuf::Descriptor& type, std::string& message) {
  std::string reply;
  BPFRIG_RETURN_IF_ERROR(AfterReceiving(socket_.ReceiveEncoded(reply, deadline_)));
  const std::optional<ipc::EncodedMessage> held = ipc::HeldEncoded(reply);
  if (!held.has_value()) return WrongReply(*this);
  if (held->field == internal::v1::CallReply::kFinishedFieldNumber) {
    internal::v1::CallFinished finished;
    if (!finished.ParseFromArray(held->bytes.data(), static_cast<int>(held->bytes.size())))
      return WrongReply(*this);
    BPFRIG_RETURN_IF_ERROR(FromFinished(finished));
    return false;
  }
  const auto* const field = ipc::FindField(*internal::v1::CallReply::descriptor(), type);
  if (field == nullptr || field->number() != held->field) return WrongReply(*this);
  message.assign(held->bytes.data(), held->bytes.size());
  return true;
}

absl::Status WorkerCall::AfterReceiving(const absl::StatusOr<bool>& received) {
  if (absl::IsDeadlineExceeded(received.status())) return GiveUpAtDeadline();
  // An error is a stream that broke off within a message: the worker died, or the call was cancelled.
  if (!received.ok() || !*received) return Unfinished();
  return absl::OkStatus();
}

absl::Status WorkerCall::GiveUpAtDeadline() { return GiveUp(DeadlineError()); }

absl::Status WorkerCall::AwaitTaken(absl::Duration time) {
  const absl::Status spoken = WaitForAny({socket_.Get()}, std::min(deadline_, absl::Now() + time)).status();
  // What the peer has not read counts as not sent yet.
  int unread = 0;
  if (!absl::IsDeadlineExceeded(spoken) || ::ioctl(socket_.Get(), SIOCOUTQ, &unread) != 0 || unread == 0) {
    return absl::OkStatus();
  }
  socket_.Shutdown();
  sandbox_->EndHung(absl::StrCat("its worker did not take ", what_, " for ", absl::FormatDuration(time),
                                 ", and was killed"));
  return sandbox_->FateOfCalls(true);
}

void WorkerCall::Cancel() {
  cancelled_ = true;
  socket_.Shutdown();
}

void WorkerCall::Abort() {
  aborted_ = true;
  socket_.Shutdown();
}

absl::Status WorkerCall::Unfinished() {
  if (aborted_) return sandbox_->FateOfCalls(true);
  if (!cancelled_) return sandbox_->FateOfCalls(false);
  // gRPC cancels a call at its deadline too.
  if (absl::Now() >= deadline_) return GiveUpAtDeadline();
  return GiveUp(absl::CancelledError("the client cancelled the call"));
}

absl::Status WorkerCall::GiveUp(const absl::Status& why) {
  socket_.Shutdown();
  if (sandbox_->AnswersBy(std::max(deadline_, absl::Now()) + kGrace)) return why;
  if (sandbox_->IsBusyWithOther(*this)) return why;
  sandbox_->EndHung(absl::StrCat("its worker hung in ", what_, ", ", absl::FormatDuration(kGrace),
                                 " past the call's deadline, and was killed"));
  return sandbox_->FateOfCalls(true);
}

absl::Status WorkerCall::DeadlineError() const {
  return MakeError(Reason::kDeadline, absl::StrCat(traits_.name, ": the deadline passed"));
}

absl::Status CallOnce(WorkerCall& call, const google::protobuf::Message& request,
                      google::protobuf::Message& response, absl::Duration time_to_take) {
  internal::v1::CallRequest envelope;
  BPFRIG_RETURN_IF_ERROR(ipc::PutCopy(request, envelope));
  common::Fd file;
  if (call.traits().file_field != nullptr) {
    BPFRIG_ASSIGN_OR_RETURN(file, TakeFile(*call.traits().file_field, *ipc::Held(envelope)));
  }
  BPFRIG_RETURN_IF_ERROR(call.Start(envelope, file.Get()));
  if (time_to_take != absl::InfiniteDuration()) BPFRIG_RETURN_IF_ERROR(call.AwaitTaken(time_to_take));
  internal::v1::CallReply reply;
  BPFRIG_ASSIGN_OR_RETURN(const bool answered, call.Next(reply));
  if (!answered) return MakeError(Reason::kInternal, "the worker finished the call without an answer");
  internal::v1::CallReply last;
  BPFRIG_ASSIGN_OR_RETURN(const bool more, call.Next(last));
  if (more) return MakeError(Reason::kInternal, "the worker answered the call twice");
  return ipc::Take(reply, response) ? absl::OkStatus() : WrongReply(call);
}

absl::Status WrongReply(const WorkerCall& call) {
  return MakeError(Reason::kInternal, absl::StrCat(call.traits().name, ": the worker answered another call"));
}

}  // namespace bpfrig::front
