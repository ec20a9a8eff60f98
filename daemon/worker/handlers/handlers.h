// The calls' handlers, and the table that finds one by the type of its request. The dispatcher runs them, one
// at a time; each ends its call, sooner or later. When the next call has its turn is not theirs to say: that
// is the call's option in the .proto (proto/rules/call_traits.h).
#pragma once

#include <functional>

#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "daemon/worker/call/call.h"
#include "daemon/worker/handlers/sandbox.h"

namespace bpfrig::worker {

using Handler =
    std::function<void(Sandbox& sandbox, const CallPtr& call, const google::protobuf::Message& request)>;

// The handler of the call that has such requests; nullptr if there is none.
[[nodiscard]] const Handler* FindHandler(const google::protobuf::Descriptor& request);

// Each in a file named after it; Detach is in attach.cpp.
void HandleOpenSandbox(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::OpenSandboxRequest& request);
// All other calls are over by then.
void HandleCloseSandbox(Sandbox& sandbox, const CallPtr& call,
                        const bpfrig::v1::CloseSandboxRequest& request);
void HandleGetInfo(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::GetInfoRequest& request);

void HandleLoadProgram(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::LoadProgramRequest& request);
void HandleAttach(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::AttachRequest& request);
void HandleDetach(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::DetachRequest& request);
void HandleRunProgram(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::RunProgramRequest& request);

// Reads the further messages of its stream itself.
void HandleSeedMap(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::SeedMapRequest& first);
void HandleDumpMap(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::DumpMapRequest& request);
void HandleReadEvents(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::ReadEventsRequest& request);

void HandleListen(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::ListenRequest& request);
void HandleConnect(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::ConnectRequest& request);
void HandleSend(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::SendRequest& request);
void HandleReceive(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::ReceiveRequest& request);
void HandleDisconnect(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::DisconnectRequest& request);

}  // namespace bpfrig::worker
