#include "daemon/worker/dispatcher.h"

#include <optional>
#include <utility>
#include <vector>

#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {

using base::MakeError;
using base::Reason;

void Dispatcher::Accept(common::Fd socket) {
  const absl::StatusOr<CallPtr> opened = Call::Open(loop_, std::move(socket));
  if (!opened.ok()) return base::LogError(opened.status().message());
  const CallPtr& call = *opened;
  calls_.emplace(call.get(), call);
  call->over_signal().Add([this, key = call.get()] { calls_.erase(key); });
  call->ReadRequest([this, call](std::optional<Call::Request> request) {
    if (request.has_value()) return OnRequest(call, *std::move(request));
    call->Finish(MakeError(Reason::kInternal, "reading a call: it ended without a request"));
  });
}

void Dispatcher::OnRequest(const CallPtr& call, Call::Request request) {
  if (request.call_case() == Call::Request::CALL_NOT_SET) {
    return call->Finish(
        MakeError(Reason::kInternal, "starting a call: it names none that this worker knows"));
  }
  if (request.has_close_sandbox()) return Close(call);
  if (sandbox_.is_closed()) {
    return call->Finish(MakeError(Reason::kSandboxClosed, "starting a call: the sandbox is closed"));
  }
  queue_.push_back({call, std::move(request)});
  RunNext();
}

void Dispatcher::Close(const CallPtr& call) {
  std::vector<CallPtr> others;
  for (const auto& [key, weak] : calls_) {
    if (CallPtr other = weak.lock(); other != nullptr && other != call) others.push_back(std::move(other));
  }
  if (sandbox_.is_closed()) return HandleCloseSandbox(sandbox_, call);
  for (const CallPtr& other : others) {
    other->Finish(MakeError(Reason::kSandboxClosed, "running a call: the sandbox was closed"));
  }
  HandleCloseSandbox(sandbox_, call);
}

void Dispatcher::RunNext() {
  while (!slot_taken_ && !queue_.empty()) {
    const Queued next = std::move(queue_.front());
    queue_.pop_front();
    if (next.call->IsOver()) continue;
    slot_taken_ = true;
    next.call->SetSlot([this] {
      slot_taken_ = false;
      asio::post(loop_, [this] { RunNext(); });
    });
    return Run(next.call, next.request);
  }
}

void Dispatcher::Run(const CallPtr& call, const Call::Request& request) {
  switch (request.call_case()) {
    case Call::Request::kOpenSandbox:
      return HandleOpenSandbox(sandbox_, call, request.open_sandbox());
    case Call::Request::kLoadProgram:
      return HandleLoadProgram(sandbox_, call, request.load_program());
    case Call::Request::kAttach:
      return HandleAttach(sandbox_, call, request.attach());
    case Call::Request::kDetach:
      return HandleDetach(sandbox_, call, request.detach());
    case Call::Request::kSeedMap:
      return HandleSeedMap(sandbox_, call, request.seed_map());
    case Call::Request::kListen:
      return HandleListen(sandbox_, call, request.listen());
    case Call::Request::kConnect:
      return HandleConnect(sandbox_, call, request.connect());
    case Call::Request::kSend:
      return HandleSend(sandbox_, call, request.send());
    case Call::Request::kReceive:
      return HandleReceive(sandbox_, call, request.receive());
    case Call::Request::kDisconnect:
      return HandleDisconnect(sandbox_, call, request.disconnect());
    case Call::Request::kDumpMap:
      return HandleDumpMap(sandbox_, call, request.dump_map());
    case Call::Request::kReadEvents:
      return HandleReadEvents(sandbox_, call, request.read_events());
    case Call::Request::kRunProgram:
      return HandleRunProgram(sandbox_, call, request.run_program());
    case Call::Request::kGetInfo:
      return HandleGetInfo(sandbox_, call);
    case Call::Request::kCloseSandbox:
    case Call::Request::CALL_NOT_SET:
      break;  // not queued
  }
}

}  // namespace bpfrig::worker
