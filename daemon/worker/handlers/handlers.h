// The calls' handlers, and the table that finds one by the type of its request. The dispatcher runs them, one
// at a time. When the next call has its turn is not theirs to say: that is the call's option in the .proto
// (proto/rules/call_traits.h).
#pragma once

#include <functional>

#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "daemon/worker/call/call.h"
#include "daemon/worker/handlers/sandbox.h"

namespace bpfrig::worker {

// A message of a stream of replies is sent once it has so many bytes, well below what a gRPC client takes.
inline constexpr size_t kMaxStreamMessageBytes = 64 * 1024;
// The same of packed ones, which take no more memory in the front than on the wire.
inline constexpr size_t kMaxPackedMessageBytes = 256 * 1024;

using Handler =
    std::function<void(Sandbox& sandbox, const CallPtr& call, const google::protobuf::Message& request)>;

// The handler of the call that has such requests; nullptr if there is none.
[[nodiscard]] const Handler* FindHandler(const google::protobuf::Descriptor& request);

// Each in a file named after it, or after what several are about (attach.cpp, socket_options.cpp).

// The cookie of the sandbox's network namespace, for what answers with it or says whether it can be had:
// `cgroup` is the sandbox's.
[[nodiscard]] absl::StatusOr<uint64_t> NetnsCookieOf(int cgroup);

// Those that answer at once.
absl::Status HandleOpenSandbox(Sandbox& sandbox, const bpfrig::v1::OpenSandboxRequest& request,
                               bpfrig::v1::OpenSandboxResponse& response);
absl::Status HandleGetInfo(Sandbox& sandbox, const bpfrig::v1::GetInfoRequest& request,
                           bpfrig::v1::GetInfoResponse& response);
absl::Status HandleLoadProgram(Sandbox& sandbox, const bpfrig::v1::LoadProgramRequest& request,
                               bpfrig::v1::LoadProgramResponse& response);
absl::Status HandleAttach(Sandbox& sandbox, const bpfrig::v1::AttachRequest& request,
                          bpfrig::v1::AttachResponse& response);
absl::Status HandleDetach(Sandbox& sandbox, const bpfrig::v1::DetachRequest& request,
                          bpfrig::v1::DetachResponse& response);
absl::Status HandleListen(Sandbox& sandbox, const bpfrig::v1::ListenRequest& request,
                          bpfrig::v1::ListenResponse& response);
absl::Status HandleWriteEvents(Sandbox& sandbox, const bpfrig::v1::WriteEventsRequest& request,
                               bpfrig::v1::WriteEventsResponse& response);
absl::Status HandleDisconnect(Sandbox& sandbox, const bpfrig::v1::DisconnectRequest& request,
                              bpfrig::v1::DisconnectResponse& response);
absl::Status HandleOpenSocket(Sandbox& sandbox, const bpfrig::v1::OpenSocketRequest& request,
                              bpfrig::v1::OpenSocketResponse& response);
absl::Status HandleGetSocketName(Sandbox& sandbox, const bpfrig::v1::GetSocketNameRequest& request,
                                 bpfrig::v1::GetSocketNameResponse& response);
absl::Status HandleCountRuns(Sandbox& sandbox, const bpfrig::v1::CountRunsRequest& request,
                             bpfrig::v1::CountRunsResponse& response);
absl::Status HandleSetGlobals(Sandbox& sandbox, const bpfrig::v1::SetGlobalsRequest& request,
                              bpfrig::v1::SetGlobalsResponse& response);
absl::Status HandleReadGlobals(Sandbox& sandbox, const bpfrig::v1::ReadGlobalsRequest& request,
                               bpfrig::v1::ReadGlobalsResponse& response);
absl::Status HandleSetSocketOption(Sandbox& sandbox, const bpfrig::v1::SetSocketOptionRequest& request,
                                   bpfrig::v1::SetSocketOptionResponse& response);
absl::Status HandleGetSocketOption(Sandbox& sandbox, const bpfrig::v1::GetSocketOptionRequest& request,
                                   bpfrig::v1::GetSocketOptionResponse& response);

// Those that end their call themselves, sooner or later.
// All other calls are over by then.
void HandleCloseSandbox(Sandbox& sandbox, const CallPtr& call,
                        const bpfrig::v1::CloseSandboxRequest& request);

// Reads the further messages of its stream itself.
void HandleSeedMap(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::SeedMapRequest& first);
void HandleListInstructions(Sandbox& sandbox, const CallPtr& call,
                            const bpfrig::v1::ListInstructionsRequest& request);
void HandleDumpMap(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::DumpMapRequest& request);
void HandleReadEvents(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::ReadEventsRequest& request);

void HandleConnect(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::ConnectRequest& request);
void HandleSend(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::SendRequest& request);
void HandleReceive(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::ReceiveRequest& request);
void HandleRunProgram(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::RunProgramRequest& request);

}  // namespace bpfrig::worker
