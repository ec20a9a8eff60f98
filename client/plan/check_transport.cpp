#include "client/plan/check_transport.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "client/plan/field_path.h"
#include "proto/rules/field_words.h"
#include "proto/rules/transports.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::SocketAddress;
using bpfrig::v1::Transport;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string WordOf(Transport transport) {
  return rules::EnumWord(*bpfrig::v1::Transport_descriptor()->FindValueByNumber(transport));
}

absl::string_view KindOf(bool is_abstract) {
  return is_abstract ? "an abstract name" : "an IPv4 or IPv6 address";
}

}  // namespace

void CheckAddresses(StepSource& source) {
  const Message& request = *source.call.request;
  const auto& type = *request.GetDescriptor();
  const auto& reflection = *request.GetReflection();
  const auto transport =
      static_cast<Transport>(reflection.GetEnumValue(request, type.FindFieldByName("transport")));
  const FieldDescriptor* first = nullptr;
  bool wants_abstract = rules::IsUnix(transport);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() != SocketAddress::descriptor() || !reflection.HasField(request, &field))
      continue;
    const auto& address = static_cast<const SocketAddress&>(reflection.GetMessage(request, &field));
    const bool is_abstract = !address.abstract().empty();
    if (transport == bpfrig::v1::TRANSPORT_UNSPECIFIED && first == nullptr) {
      // The first address says which it is.
      first = &field;
      wants_abstract = is_abstract;
    }
    if (is_abstract == wants_abstract) continue;
    const std::string why = first == nullptr ? absl::StrCat("with transport: ", WordOf(transport))
                                             : absl::StrCat("as in ", rules::PlanName(*first));
    source.problems.Add(WalkPath(source.node, &type, field.name())->mark,
                        absl::StrCat(rules::PlanName(field), " must be ", KindOf(wants_abstract), " ", why,
                                     ", not ", KindOf(is_abstract)));
  }
}

void NeedsConnections(absl::string_view what, const Mark& mark, Transport transport, Problems& problems) {
  if (!rules::IsOfDatagrams(transport)) return;
  problems.Add(mark, absl::StrCat(what, " goes with tcp and unix, not with ", WordOf(transport)));
}

void NeedsIp(absl::string_view what, const Mark& mark, Transport transport, Problems& problems) {
  if (!rules::IsUnix(transport)) return;
  problems.Add(mark, absl::StrCat(what, " goes with tcp and udp, not with ", WordOf(transport)));
}

}  // namespace bpfrig::client::plan
