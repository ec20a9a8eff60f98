#include "daemon/front/rpc/field_checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

using base::MakeError;
using base::Reason;
using base::WithField;

constexpr size_t kMaxNameBytes = 64;
// Names of an object's own: symbols and sections, with the object's name before them.
constexpr size_t kMaxReferenceBytes = 256;
constexpr uint32_t kMaxPort = 65535;

}  // namespace

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  return WithField(MakeError(Reason::kInvalidField, absl::StrCat(field, ": ", message)), field);
}

absl::Status TooLarge(absl::string_view field, size_t size, size_t limit, absl::string_view unit) {
  return WithField(MakeError(Reason::kLimitReached,
                             absl::StrCat(field, ": ", size, " ", unit, ", at most ", limit, " are allowed")),
                   field);
}

absl::Status AtMost(absl::string_view field, uint64_t value, uint64_t limit) {
  if (value <= limit) return absl::OkStatus();
  return WithField(MakeError(Reason::kOutOfRange, absl::StrCat(field, ": ", value, " is more than ", limit)),
                   field);
}

absl::Status CheckName(absl::string_view field, absl::string_view name) {
  if (name.empty()) return Invalid(field, "is missing");
  if (name.size() > kMaxNameBytes) return TooLarge(field, name.size(), kMaxNameBytes, "characters");
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
  });
  return plain ? absl::OkStatus() : Invalid(field, "a name has letters, digits, '_', '.' and '-' only");
}

absl::Status CheckOptionalName(absl::string_view field, absl::string_view name) {
  return name.empty() ? absl::OkStatus() : CheckName(field, name);
}

absl::Status CheckOptionalReference(absl::string_view field, absl::string_view name) {
  if (name.size() > kMaxReferenceBytes) return TooLarge(field, name.size(), kMaxReferenceBytes, "characters");
  const bool printable = std::none_of(
      name.begin(), name.end(), [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
  return printable ? absl::OkStatus() : Invalid(field, "has a control character");
}

absl::Status CheckReference(absl::string_view field, absl::string_view name) {
  if (name.empty()) return Invalid(field, "is missing");
  return CheckOptionalReference(field, name);
}

absl::Status CheckSandbox(absl::string_view sandbox) {
  if (sandbox.empty()) return Invalid("sandbox", "is missing");
  return sandbox.size() <= kMaxNameBytes ? absl::OkStatus() : Invalid("sandbox", "is no id of OpenSandbox's");
}

namespace {

// 4, 6, or 0 where it is no address.
int FamilyOf(const std::string& address) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return 4;
  return ::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1 ? 6 : 0;
}

}  // namespace

absl::Status CheckPrefix(absl::string_view field, const std::string& prefix) {
  const size_t slash = prefix.find('/');
  const int family = FamilyOf(prefix.substr(0, slash));
  if (family == 0)
    return Invalid(field, absl::StrCat("'", prefix.substr(0, 64), "' is no IPv4 or IPv6 address"));
  if (slash == std::string::npos) return absl::OkStatus();
  uint32_t length = 0;
  const uint32_t longest = family == 4 ? 32 : 128;
  if (!absl::SimpleAtoi(prefix.substr(slash + 1), &length) || length > longest) {
    return Invalid(field,
                   absl::StrCat("'", prefix.substr(slash, 64), "' is no prefix length up to ", longest));
  }
  return absl::OkStatus();
}

absl::Status CheckSocketAddress(absl::string_view field, const v1::SocketAddress& address) {
  if (FamilyOf(address.address()) == 0) {
    return WithField(Invalid("address", absl::StrCat("'", address.address().substr(0, 64),
                                                     "' is no IPv4 or IPv6 address")),
                     field);
  }
  return WithField(CheckPort(address), field);
}

absl::Status CheckPort(const v1::SocketAddress& address) { return AtMost("port", address.port(), kMaxPort); }

absl::Status CheckEnd(absl::string_view field, const v1::SocketReference& reference) {
  BPFRIG_RETURN_IF_ERROR(WithField(CheckName("connection", reference.connection()), field));
  if (v1::ConnectionEnd_IsValid(reference.end())) return absl::OkStatus();
  return WithField(Invalid("end", "is no end of a connection"), field);
}

std::string Index(absl::string_view field, int index) { return absl::StrCat(field, "[", index, "]"); }

}  // namespace bpfrig::front
