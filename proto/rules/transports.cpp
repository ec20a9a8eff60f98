#include "proto/rules/transports.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/traffic.pb.h"
#include "proto/rules/field_words.h"

namespace bpfrig::rules {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string WordOf(v1::Transport transport) {
  return EnumWord(*v1::Transport_descriptor()->FindValueByNumber(transport));
}

absl::string_view KindOf(bool is_abstract) {
  return is_abstract ? "an abstract name" : "an IPv4 or IPv6 address";
}

class TransportCheck {
 public:
  TransportCheck(const Message& request, v1::Transport transport, Names names)
      : request_(request), transport_(transport), names_(names) {}

  // Each address must be of the transport's family; without a transport, of the first one's.
  void CheckAddresses() {
    const auto& type = *request_.GetDescriptor();
    const auto& reflection = *request_.GetReflection();
    const FieldDescriptor* first = nullptr;
    bool wants_abstract = IsUnix(transport_);
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.message_type() != v1::SocketAddress::descriptor()) continue;
      if (!reflection.HasField(request_, &field)) continue;
      const auto& address = static_cast<const v1::SocketAddress&>(reflection.GetMessage(request_, &field));
      const bool is_abstract = !address.abstract().empty();
      if (transport_ == v1::TRANSPORT_UNSPECIFIED && first == nullptr) {
        first = &field;
        wants_abstract = is_abstract;
      }
      if (is_abstract == wants_abstract) continue;
      const std::string why = first == nullptr ? absl::StrCat("with transport: ", WordOf(transport_))
                                               : absl::StrCat("as in ", NameOf(*first));
      Add(field.name(), absl::StrCat(NameOf(field), " must be ", KindOf(wants_abstract), " ", why, ", not ",
                                     KindOf(is_abstract)));
    }
  }

  // `what` is a field that only connections have.
  void ForConnections(const std::string& path, absl::string_view what) {
    if (IsOfDatagrams(transport_)) Add(path, NeedsConnections(what, transport_));
  }
  // One that only IPv4 and IPv6 have.
  void ForIp(const std::string& path, absl::string_view what) {
    if (IsUnix(transport_)) {
      Add(path, absl::StrCat(what, " goes with tcp and udp, not with ", WordOf(transport_)));
    }
  }

  std::vector<Violation> Take() { return std::move(violations_); }

 private:
  [[nodiscard]] std::string NameOf(const FieldDescriptor& field) const {
    return names_ == Names::kPlan ? PlanName(field) : field.name();
  }
  void Add(const std::string& path, std::string sentence) {
    violations_.push_back({Violation::Kind::kInvalid, path, std::move(sentence)});
  }

  const Message& request_;
  const v1::Transport transport_;
  const Names names_;
  std::vector<Violation> violations_;
};

}  // namespace

std::string NeedsConnections(absl::string_view what, v1::Transport transport) {
  return absl::StrCat(what, " goes with tcp and unix, not with ", WordOf(transport));
}

std::vector<Violation> CheckTransport(const Message& request, Names names) {
  const auto& type = *request.GetDescriptor();
  const FieldDescriptor* field = type.FindFieldByName("transport");
  if (field == nullptr || field->enum_type() != v1::Transport_descriptor()) return {};
  const int number = request.GetReflection()->GetEnumValue(request, field);
  if (!v1::Transport_IsValid(number)) return {};
  TransportCheck check(request, static_cast<v1::Transport>(number), names);
  check.CheckAddresses();
  if (&type == v1::ListenRequest::descriptor()) {
    if (static_cast<const v1::ListenRequest&>(request).behaviour().close()) {
      check.ForConnections("behaviour.close", "close");
    }
  } else if (&type == v1::ConnectRequest::descriptor()) {
    if (static_cast<const v1::ConnectRequest&>(request).receive().until_closed()) {
      check.ForConnections("receive.until_closed", "until_closed");
    }
  } else if (&type == v1::OpenSocketRequest::descriptor()) {
    if (static_cast<const v1::OpenSocketRequest&>(request).family() != v1::ADDRESS_FAMILY_UNSPECIFIED) {
      check.ForIp("family", "family");
    }
  }
  return check.Take();
}

}  // namespace bpfrig::rules
