// Dispatcher: takes call sockets, reads each one's first request, and runs its handler. Calls begin one at a
// time, in the order in which their requests arrived; how long each keeps the next one waiting is its option
// in the .proto. CloseSandbox ends all others and goes at once.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "common/fd.h"
#include "daemon/worker/call/call.h"
#include "daemon/worker/handlers/sandbox.h"

namespace bpfrig::worker {

class Dispatcher {
 public:
  // Borrows both; the loop runs no longer than this lives.
  Dispatcher(Loop& loop, Sandbox& sandbox) : loop_(loop), sandbox_(sandbox) {}
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Takes over the worker's end of a call's socket. If it was the last descriptor, the call is refused unless
  // it will be over at once.
  void Accept(common::Fd socket, bool is_last);

 private:
  struct Queued {
    CallPtr call;
    Call::Request request;
  };

  void OnRequest(const CallPtr& call, Call::Request request, bool is_last);
  void Close(const CallPtr& call, Call::Request& request);
  void RunNext();
  // Runs the handler, and gives the next call its turn unless this one holds the loop.
  void Run(const CallPtr& call, google::protobuf::Message& request);

  Loop& loop_;
  Sandbox& sandbox_;
  // Calls that are not over.
  std::map<Call*, std::weak_ptr<Call>> calls_;
  std::deque<Queued> queue_;
  bool slot_taken_ = false;
};

}  // namespace bpfrig::worker
