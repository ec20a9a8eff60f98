#include "daemon/front/remote/guarded_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daemon/base/limited_log.h"

namespace bpfrig::front {
namespace {

constexpr size_t kMaxMethodBytes = 200;

absl::string_view ToView(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)};
}

void AppendNames(const grpc_auth_context* context, const char* property, std::vector<std::string>& names) {
  grpc_auth_property_iterator iterator = ::grpc_auth_context_find_properties_by_name(context, property);
  while (const grpc_auth_property* found = ::grpc_auth_property_iterator_next(&iterator)) {
    std::string name(found->value, found->value_length);
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  }
}

// The gate's side of grpc_auth_metadata_processor: called on one of gRPC's threads, and answers at once.
void ShowToGate(void* state, grpc_auth_context* context, const grpc_metadata* metadata, size_t count,
                grpc_process_auth_metadata_done_cb done, void* user_data) {
  Caller caller;
  for (const char* property :
       {GRPC_X509_CN_PROPERTY_NAME, GRPC_PEER_DNS_PROPERTY_NAME, GRPC_PEER_URI_PROPERTY_NAME}) {
    AppendNames(context, property, caller.names);
  }
  std::string method = "a call";
  for (size_t i = 0; i < count; ++i) {
    const absl::string_view key = ToView(metadata[i].key);
    if (key == "authorization") caller.authorizations.emplace_back(ToView(metadata[i].value));
    if (key == ":path") method = absl::CHexEscape(ToView(metadata[i].value).substr(0, kMaxMethodBytes));
  }
  const absl::Status admitted = static_cast<const Gate*>(state)->Admit(caller);
  const std::string message(admitted.message());
  if (!admitted.ok()) {
    base::LogLimited(base::LogLevel::kWarning, absl::StrCat("refused a call: ", message),
                     absl::StrCat("refused ", method, ": ", message));
  }
  done(user_data, nullptr, 0, nullptr, 0, static_cast<grpc_status_code>(admitted.code()), message.c_str());
}

grpc_ssl_certificate_config_reload_status FetchTls(const RemoteCredentials& remote, uint64_t& seen,
                                                   grpc_ssl_server_certificate_config** config) {
  const std::optional<internal::v1::TlsCredentials> tls = remote.TlsSince(seen);
  if (!tls.has_value()) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair{.private_key = tls->key().c_str(),
                                        .cert_chain = tls->certificate().c_str()};
  *config = ::grpc_ssl_server_certificate_config_create(tls->client_ca().c_str(), &pair, 1);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace

GuardedCredentials::GuardedCredentials(const RemoteCredentials& remote) : remote_(remote) {
  if (remote_.uses_tls()) {
    const auto fetch = [](void* self, grpc_ssl_server_certificate_config** config) {
      auto* const credentials = static_cast<GuardedCredentials*>(self);
      return FetchTls(credentials->remote_, credentials->seen_, config);
    };
    credentials_ = ::grpc_ssl_server_credentials_create_with_options(
        ::grpc_ssl_server_credentials_create_options_using_config_fetcher(
            GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, fetch, this));
  } else {
    credentials_ = ::grpc_insecure_server_credentials_create();
  }
  const grpc_auth_metadata_processor processor{
      .process = ShowToGate,
      .destroy = nullptr,
      .state = const_cast<Gate*>(&remote_.gate()),  // the C API knows no const
  };
  ::grpc_server_credentials_set_auth_metadata_processor(credentials_, processor);
}

GuardedCredentials::~GuardedCredentials() { ::grpc_server_credentials_release(credentials_); }

int GuardedCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
  return ::grpc_server_add_http2_port(server, address.c_str(), credentials_);
}

}  // namespace bpfrig::front
