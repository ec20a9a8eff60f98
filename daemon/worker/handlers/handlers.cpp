#include "daemon/worker/handlers/handlers.h"

#include <map>

#include "daemon/ipc/envelope.h"

namespace bpfrig::worker {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using Table = std::map<const Descriptor*, Handler>;

template <class Request>
void Add(void (*handle)(Sandbox&, const CallPtr&, const Request&), Table& handlers) {
  handlers[Request::descriptor()] = [handle](Sandbox& sandbox, const CallPtr& call, const Message& request) {
    handle(sandbox, call, static_cast<const Request&>(request));
  };
}

// A handler that answers at once: its response is the call's last reply.
template <class Request, class Response>
void Add(absl::Status (*answer)(Sandbox&, const Request&, Response&), Table& handlers) {
  handlers[Request::descriptor()] = [answer](Sandbox& sandbox, const CallPtr& call, const Message& request) {
    Response response;
    Call::Reply reply;
    absl::Status status = answer(sandbox, static_cast<const Request&>(request), response);
    if (status.ok()) status = ipc::PutSwapped(response, reply);
    call->FinishWith(status, reply);
  };
}

Table MakeTable() {
  Table handlers;
  Add(HandleOpenSandbox, handlers);
  Add(HandleCloseSandbox, handlers);
  Add(HandleGetInfo, handlers);
  Add(HandleLoadProgram, handlers);
  Add(HandleAttach, handlers);
  Add(HandleDetach, handlers);
  Add(HandleRunProgram, handlers);
  Add(HandleSeedMap, handlers);
  Add(HandleDumpMap, handlers);
  Add(HandleReadEvents, handlers);
  Add(HandleWriteEvents, handlers);
  Add(HandleListen, handlers);
  Add(HandleConnect, handlers);
  Add(HandleSend, handlers);
  Add(HandleReceive, handlers);
  Add(HandleDisconnect, handlers);
  Add(HandleOpenSocket, handlers);
  Add(HandleGetSocketName, handlers);
  Add(HandleSetSocketOption, handlers);
  Add(HandleGetSocketOption, handlers);
  Add(HandleCountRuns, handlers);
  Add(HandleSetGlobals, handlers);
  Add(HandleReadGlobals, handlers);
  Add(HandleListInstructions, handlers);
  return handlers;
}

}  // namespace

const Handler* FindHandler(const Descriptor& request) {
  static const Table handlers = MakeTable();
  const auto found = handlers.find(&request);
  return found == handlers.end() ? nullptr : &found->second;
}

}  // namespace bpfrig::worker
