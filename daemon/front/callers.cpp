#include "daemon/front/callers.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_context.h>

#include <atomic>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace bpfrig::front {
namespace {

// Some versions of gRPC escape the brackets around an IPv6 address.
std::string PeerOf(const grpc::ServerContextBase& context) {
  return absl::StrReplaceAll(context.peer(), {{"%5B", "["}, {"%5D", "]"}, {"%25", "%"}});
}

class Passing final : public grpc::experimental::Interceptor {
 public:
  Passing(const Callers& callers, const grpc::ServerContextBase& context)
      : callers_(callers), connection_(callers.Begin(context)) {}
  ~Passing() override { callers_.End(connection_, given_up_); }

  // A call whose end comes before its answer was given up. Its context cannot be asked: to do so from here
  // calls this again, if a thread of gRPC's own serves the call.
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    using Point = grpc::experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(Point::PRE_SEND_STATUS)) answered_ = true;
    if (methods->QueryInterceptionHookPoint(Point::POST_RECV_CLOSE)) given_up_ = !answered_;
    methods->Proceed();
  }

 private:
  const Callers& callers_;
  const uint64_t connection_;
  // Both points may be passed at the same time.
  std::atomic<bool> answered_ = false;
  std::atomic<bool> given_up_ = false;
};

class PassingFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit PassingFactory(const Callers& callers) : callers_(callers) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) override {
    // If the connection is one too many, the relays say so.
    (void)callers_.Of(*call->server_context());
    return new Passing(callers_, *call->server_context());
  }

 private:
  const Callers& callers_;
};

}  // namespace

absl::StatusOr<std::string> Callers::Of(const grpc::ServerContextBase& context) const {
  const std::string peer = PeerOf(context);
  return connections_.Called(peer, absl::StartsWith(peer, "ip") ? RemoteNameOf(context) : "");
}

uint64_t Callers::Begin(const grpc::ServerContextBase& context) const {
  return connections_.BeginCall(PeerOf(context));
}

void Callers::Arrived(const grpc::ServerContextBase& context, uint64_t bytes) const {
  connections_.Arrived(PeerOf(context), bytes);
}

std::string Callers::RemoteNameOf(const grpc::ServerContextBase& context) const {
  Caller caller;
  for (const char* property :
       {GRPC_X509_CN_PROPERTY_NAME, GRPC_PEER_DNS_PROPERTY_NAME, GRPC_PEER_URI_PROPERTY_NAME}) {
    for (const grpc::string_ref& name : context.auth_context()->FindPropertyValues(property)) {
      caller.names.emplace_back(name.data(), name.size());
    }
  }
  const std::string name = remote_.gate().NameOf(caller);
  return name.empty() ? "the token's holder" : absl::StrCat("client \"", absl::CHexEscape(name), "\"");
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> Callers::MakeInterceptor() const {
  return std::make_unique<PassingFactory>(*this);
}

}  // namespace bpfrig::front
