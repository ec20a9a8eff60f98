#include "daemon/worker/dispatcher.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/ipc/envelope.h"
#include "daemon/worker/attached_file.h"
#include "daemon/worker/handlers/handlers.h"
#include "proto/rules/call_traits.h"

namespace bpfrig::worker {

using base::MakeError;
using base::Reason;

namespace {

// Whether nothing but the call's own work keeps it from its end.
bool NeverWaits(google::protobuf::Message& request) {
  return rules::LoopUseOf(request) == bpfrig::v1::LOOP_USE_HOLDS &&
         request.GetDescriptor() != bpfrig::v1::SeedMapRequest::descriptor();
}

// Whether CountRuns tells what has run since this call began. Nothing can be asked after CloseSandbox, and
// reading the counts takes a system call a program.
bool MarksRuns(const google::protobuf::Message& request) {
  return request.GetDescriptor() != bpfrig::v1::CountRunsRequest::descriptor() &&
         request.GetDescriptor() != bpfrig::v1::CloseSandboxRequest::descriptor();
}

absl::Status OutOfDescriptors() {
  return base::WithHint(
      MakeError(Reason::kLimitReached, "starting a call: the sandbox has no open file left for it"),
      "Disconnect what is not needed any more, or open the sandbox with a larger limits.open_files.");
}

}  // namespace

void Dispatcher::Accept(common::Fd socket, bool is_last) {
  const absl::StatusOr<CallPtr> opened = Call::Open(loop_, std::move(socket));
  if (!opened.ok()) return base::LogError(opened.status().message());
  const CallPtr& call = *opened;
  calls_.emplace(call.get(), call);
  call->over_signal().Add([this, key = call.get()] { calls_.erase(key); });
  call->ReadRequest([this, call, is_last](std::optional<Call::Request> request) {
    if (request.has_value()) return OnRequest(call, *std::move(request), is_last);
    call->Finish(MakeError(Reason::kInternal, "reading a call: it ended without a request"));
  });
}

void Dispatcher::OnRequest(const CallPtr& call, Call::Request request, bool is_last) {
  if (ipc::Held(request) == nullptr) {
    return call->Finish(
        MakeError(Reason::kInternal, "starting a call: it names none that this worker knows"));
  }
  if (request.has_close_sandbox()) return Close(call, request);
  if (sandbox_.is_closed()) {
    return call->Finish(MakeError(Reason::kSandboxClosed, "starting a call: the sandbox is closed"));
  }
  const bool begins_now = !slot_taken_ && queue_.empty();
  if (is_last && !(begins_now && NeverWaits(*ipc::Held(request)))) return call->Finish(OutOfDescriptors());
  queue_.push_back({call, std::move(request)});
  RunNext();
}

void Dispatcher::Close(const CallPtr& call, Call::Request& request) {
  std::vector<CallPtr> others;  // none if another CloseSandbox is at work already
  for (const auto& [key, weak] : calls_) {
    if (sandbox_.is_closed()) break;
    if (CallPtr other = weak.lock(); other != nullptr && other != call) others.push_back(std::move(other));
  }
  for (const CallPtr& other : others) {
    other->Finish(MakeError(Reason::kSandboxClosed, "running a call: the sandbox was closed"));
  }
  Run(call, *ipc::Held(request));
}

void Dispatcher::RunNext() {
  while (!slot_taken_ && !queue_.empty()) {
    Queued next = std::move(queue_.front());
    queue_.pop_front();
    if (next.call->IsOver()) continue;
    slot_taken_ = true;
    next.call->SetSlot([this] {
      slot_taken_ = false;
      asio::post(loop_, [this] { RunNext(); });
    });
    return Run(next.call, *ipc::Held(next.request));
  }
}

void Dispatcher::Run(const CallPtr& call, google::protobuf::Message& request) {
  const Handler* handler = FindHandler(*request.GetDescriptor());
  if (handler == nullptr) {
    return call->Finish(MakeError(Reason::kInternal, absl::StrCat("starting a call: nothing handles ",
                                                                  request.GetDescriptor()->name())));
  }
  if (const auto* field = rules::TraitsOf(*request.GetDescriptor()).file_field; field != nullptr) {
    const absl::Status read = ReadAttachedFile(*call, *field, request);
    if (!read.ok()) return call->Finish(read);
  }
  if (MarksRuns(request) && sandbox_.runs_counted()) sandbox_.objects().MarkRuns();
  (*handler)(sandbox_, call, request);
  // The front counts on the same: Sandbox::IsBusyWithOther.
  if (rules::LoopUseOf(request) != bpfrig::v1::LOOP_USE_HOLDS) call->ReleaseSlot();
}

}  // namespace bpfrig::worker
