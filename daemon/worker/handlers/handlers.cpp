#include "daemon/worker/handlers/handlers.h"

#include <map>

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
  Add(HandleListen, handlers);
  Add(HandleConnect, handlers);
  Add(HandleSend, handlers);
  Add(HandleReceive, handlers);
  Add(HandleDisconnect, handlers);
  return handlers;
}

}  // namespace

const Handler* FindHandler(const Descriptor& request) {
  static const Table handlers = MakeTable();
  const auto found = handlers.find(&request);
  return found == handlers.end() ? nullptr : &found->second;
}

}  // namespace bpfrig::worker
