#include "daemon/front/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_posix.h>

#include <utility>
#include <vector>

#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "daemon/base/status.h"
#include "daemon/front/callers.h"

namespace bpfrig::front {
namespace {

// Room for an object of 16 MiB and what goes with it.
constexpr int kMaxReceiveBytes = 24 * 1024 * 1024;
constexpr int kMaxSendBytes = 64 * 1024 * 1024;
// A client that vanished without a word must not hold its sandbox for gRPC's default of two hours.
constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 5'000;
// How often clients may ask whether the daemon is there, without a call under way.
constexpr int kMinPingIntervalMs = 5'000;
// Clients without a call under way are sent away, and come back when they have one.
constexpr int kMaxIdleMs = 10 * 60 * 1000;
// A client that has not shown a certificate by then has none.
constexpr int kHandshakeTimeoutMs = 10'000;

// Beyond it gRPC ends streams, of whomever: the last resort. It counts what it reads and what it writes.
constexpr size_t kMaxMemory = size_t{512} << 20;
// For reflection, gRPC's only service here whose calls take a thread.
constexpr int kMaxSyncThreads = 16;

using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

std::unique_ptr<Acceptor> AddAcceptor(grpc::ServerBuilder& builder,
                                      const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  return builder.experimental().AddExternalConnectionAcceptor(Type::FROM_FD, credentials);
}

// What one caller could use up for all, as far as gRPC can bound it. Before that, connections are bound one
// by one (callers/arriving_bytes.h).
void BoundMemory(grpc::ServerBuilder& builder) {
  grpc::ResourceQuota quota("front");
  quota.Resize(kMaxMemory);
  quota.SetMaxThreads(kMaxSyncThreads);
  builder.SetResourceQuota(quota);
  // A megabyte can become a thousand. Says UNIMPLEMENTED, from the headers.
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  // Should a message come that is marked as compressed all the same, nobody decompresses it.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(grpc::Service& service, const Callers& callers,
                                                      const std::shared_ptr<grpc::ServerCredentials>& remote,
                                                      int max_streams) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  BoundMemory(builder);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, max_streams);
  builder.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  builder.SetMaxSendMessageSize(kMaxSendBytes);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMaxIdleMs);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(callers.MakeInterceptor());
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  auto remote_acceptor = remote ? AddAcceptor(builder, remote) : nullptr;
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server) return base::MakeError(base::Reason::kInternal, "starting the gRPC server: it refused");
  std::unique_ptr<Server> started(new Server(std::move(remote_acceptor), std::move(server)));
  started->SetServing(false);
  return started;
}

Server::Server(std::unique_ptr<Acceptor> remote_acceptor, std::unique_ptr<grpc::Server> server)
    : remote_acceptor_(std::move(remote_acceptor)), server_(std::move(server)) {}

Server::~Server() { Shutdown(absl::Now()); }

void Server::AddConnection(common::Fd client) {
  // Not through an acceptor: gRPC would call all of them `unix:`, and no call would tell whose it is.
  grpc::AddInsecureChannelFromFd(server_.get(), client.Release());
}

void Server::AddRemoteConnection(common::Fd client) {
  Acceptor::NewConnectionParameters parameters;
  parameters.fd = client.Release();
  remote_acceptor_->HandleNewConnection(&parameters);
}

void Server::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
  health->SetServingStatus("", serving);
  health->SetServingStatus(v1::BpfRig::service_full_name(), serving);
}

void Server::Shutdown(absl::Time deadline) {
  if (std::exchange(shut_down_, true)) return;
  server_->Shutdown(absl::ToChronoTime(deadline));
  server_->Wait();
}

}  // namespace bpfrig::front
