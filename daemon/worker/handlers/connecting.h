// Connecting: one dial, from its socket to its answer: it finds the server that accepted, sends, reads back,
// and keeps or closes both ends. One deadline covers all of it. Of datagrams there is one end, and the server
// is the one that gets what is sent. Made by HandleConnect, for each dial.
#pragma once

#include <functional>
#include <memory>

#include "bpfrig/v1/traffic.pb.h"
#include "daemon/worker/call/call.h"
#include "daemon/worker/handlers/sandbox.h"
#include "daemon/worker/traffic/dial.h"

namespace bpfrig::worker {

// Each step starts the next; callbacks keep it alive.
class Connecting : public std::enable_shared_from_this<Connecting> {
 public:
  using Done = std::function<void(bpfrig::v1::ConnectResponse&)>;

  // `done` runs once, when both ends are closed, or kept under the request's name, which is reserved already;
  // not at all if the call is over before.
  Connecting(Sandbox& sandbox, CallPtr call, const bpfrig::v1::ConnectRequest& request,
             Clock::time_point started, Done done);
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;

  // Goes on with a dial to `to` that has begun.
  void Start(SocketKind kind, const Endpoint& to, BegunDial begun);

 private:
  Traffic& traffic() { return sandbox_.traffic(); }

  void OnDialled(DialResult result);
  void AwaitAccepted();
  void OnAccepted(WaitResult result);
  void SendBytes();
  void ReceiveBytes();
  void SendDatagram();
  void ReceiveDatagram();
  void TakeDatagram();
  // One of the two comes last, once. Answer closes both ends, or keeps them.
  void Answer();
  // The client has gone: nothing is kept.
  void Abandon();
  void CloseBoth();

  Sandbox& sandbox_;
  CallPtr call_;
  const bpfrig::v1::ConnectRequest request_;
  const Clock::time_point started_;
  const Clock::time_point deadline_;
  const Done done_;
  SocketKind kind_;
  bpfrig::v1::ConnectResponse response_;
  // One of the two is there once the dial came through.
  Carrier dialled_;
  std::shared_ptr<StreamEnd> accepted_;
};

}  // namespace bpfrig::worker
