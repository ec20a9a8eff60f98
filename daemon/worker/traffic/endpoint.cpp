#include "daemon/worker/traffic/endpoint.h"

#include <sys/socket.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::worker {

using base::MakeError;
using base::Reason;

absl::StatusOr<Endpoint> ParseEndpoint(const bpfrig::v1::SocketAddress& address) {
  error_code error;
  const asio::ip::address parsed = asio::ip::make_address(address.address(), error);
  // A scope ("fe80::1%lo") is text that inet_pton does not read.
  if (error || address.address().find('%') != std::string::npos) {
    return base::WithField(
        MakeError(Reason::kInvalidField,
                  absl::StrCat("reading the address '", address.address(), "': not an IPv4 or IPv6 address")),
        "address");
  }
  if (address.port() > UINT16_MAX) {
    return base::WithField(
        MakeError(Reason::kOutOfRange, absl::StrCat("reading the port ", address.port(), ": at most 65535")),
        "port");
  }
  return Endpoint(parsed, static_cast<uint16_t>(address.port()));
}

Endpoint Normalised(const Endpoint& endpoint) {
  if (!endpoint.address().is_v6() || !endpoint.address().to_v6().is_v4_mapped()) return endpoint;
  asio::ip::address_v4::bytes_type bytes{};
  const asio::ip::address_v6::bytes_type mapped = endpoint.address().to_v6().to_bytes();
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = mapped[mapped.size() - bytes.size() + i];
  return Endpoint(asio::ip::address_v4(bytes), endpoint.port());
}

bpfrig::v1::SocketAddress ToProto(const Endpoint& endpoint) {
  const Endpoint normalised = Normalised(endpoint);
  bpfrig::v1::SocketAddress address;
  address.set_address(normalised.address().to_string());
  address.set_port(normalised.port());
  return address;
}

std::string ToText(const Endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

uint64_t SocketCookie(int socket) {
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (::getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) return 0;
  return cookie;
}

}  // namespace bpfrig::worker
