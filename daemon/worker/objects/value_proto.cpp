#include "daemon/worker/objects/value_proto.h"

#include <arpa/inet.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/shown_text.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/encode.h"

namespace bpfrig::worker {
namespace {

using base::MakeError;
using base::Reason;
using bpfrig::v1::Tag;
using kernel_bpf::Value;

std::string AddressBytes(const asio::ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return std::string(bytes.begin(), bytes.end());
  }
  const auto bytes = address.to_v6().to_bytes();
  return std::string(bytes.begin(), bytes.end());
}

absl::StatusOr<Value> ResolveIp(const std::string& text) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(text, error);
  if (error || text.find('%') != std::string::npos) {
    return MakeError(Reason::kInvalidField,
                     absl::StrCat("reading the address '", text, "': not an IPv4 or IPv6 address"));
  }
  return kernel_bpf::Prefix(AddressBytes(address));
}

absl::StatusOr<Value> ResolveNetworkInteger(const bpfrig::v1::NetworkInteger& integer) {
  const uint32_t bits = integer.bits();
  if (bits != 16 && bits != 32 && bits != 64) {
    return MakeError(Reason::kInvalidField, absl::StrCat("reading a number in network order of ", bits,
                                                         " bits: 16, 32 or 64 are allowed"));
  }
  if (bits < 64 && integer.value() >> bits != 0) {
    return MakeError(Reason::kOutOfRange, absl::StrCat("reading ", integer.value(), " as a number of ", bits,
                                                       " bits: it does not fit"));
  }
  return kernel_bpf::Network(bits, integer.value());
}

absl::Status CheckAllowed(Reference reference, Reference allowed) {
  if (reference == allowed) return absl::OkStatus();
  switch (reference) {
    case Reference::kSocket:
      return MakeError(
          Reason::kTypeMismatch,
          "writing a socket here: only a value of a sockmap or sockhash and a key of a socket storage "
          "are one");
    case Reference::kProgram:
      return MakeError(Reason::kTypeMismatch, "writing a program here: only a value of a prog array is one");
    case Reference::kMap:
      return MakeError(Reason::kTypeMismatch, "writing a map here: only a value of a map of maps is one");
    case Reference::kNone:
    case Reference::kCgroup:  // an id elsewhere
      break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Value> ValueResolver::Resolve(const bpfrig::v1::Value& value, Reference allowed,
                                             Purpose purpose) const {
  switch (value.kind_case()) {
    case bpfrig::v1::Value::kSignedInteger:
      return kernel_bpf::Signed(value.signed_integer());
    case bpfrig::v1::Value::kUnsignedInteger:
      return kernel_bpf::Unsigned(value.unsigned_integer());
    case bpfrig::v1::Value::kRaw:
      return kernel_bpf::Raw(value.raw());
    case bpfrig::v1::Value::kText:
      return kernel_bpf::TextOf(value.text());
    case bpfrig::v1::Value::kList: {
      kernel_bpf::List list;
      for (int i = 0; i < value.list().values_size(); ++i) {
        absl::StatusOr<Value> element = Resolve(value.list().values(i), Reference::kNone, purpose);
        if (!element.ok()) return base::WithField(element.status(), absl::StrCat("[", i, "]"));
        list.push_back(*std::move(element));
      }
      return kernel_bpf::ListOf(std::move(list));
    }
    case bpfrig::v1::Value::kFields: {
      BPFRIG_ASSIGN_OR_RETURN(kernel_bpf::Fields fields, ResolveFields(value.fields().fields(), purpose));
      return kernel_bpf::FieldsOf(std::move(fields));
    }
    case bpfrig::v1::Value::kTag:
      return ResolveTag(value.tag(), allowed, purpose);
    case bpfrig::v1::Value::KIND_NOT_SET:
      if (purpose != Purpose::kWrite) return Value{kernel_bpf::Unsaid{}};
      break;
  }
  return MakeError(Reason::kInvalidField, "reading a value: it says nothing");
}

absl::StatusOr<std::string> ValueResolver::ResolveBytes(const bpfrig::v1::Value& value,
                                                        size_t number_size) const {
  BPFRIG_ASSIGN_OR_RETURN(const Value resolved, Resolve(value, Reference::kNone, Purpose::kWrite));
  const bool is_number = value.has_unsigned_integer() || value.has_signed_integer();
  if (!is_number) return kernel_bpf::BytesOf(resolved);
  BPFRIG_ASSIGN_OR_RETURN(kernel_bpf::Encoded encoded,
                          kernel_bpf::EncodeBySize(number_size, resolved, "the value"));
  return std::move(encoded.bytes);
}

absl::StatusOr<kernel_bpf::Fields> ValueResolver::ResolveFields(
    const google::protobuf::RepeatedPtrField<bpfrig::v1::Field>& fields, Purpose purpose) const {
  kernel_bpf::Fields resolved;
  for (const bpfrig::v1::Field& field : fields) {
    absl::StatusOr<Value> value = Resolve(field.value(), Reference::kNone, purpose);
    if (!value.ok()) return base::WithField(value.status(), field.name());
    resolved.push_back({field.name(), *std::move(value)});
  }
  return resolved;
}

absl::StatusOr<Value> ValueResolver::ResolveTag(const Tag& tag, Reference allowed, Purpose purpose) const {
  switch (tag.kind_case()) {
    case Tag::kIp:
      return ResolveIp(tag.ip());
    case Tag::kNetworkInteger:
      return ResolveNetworkInteger(tag.network_integer());
    case Tag::kHex:
      return kernel_bpf::Raw(tag.hex());
    case Tag::kText:
      return kernel_bpf::Prefix(tag.text());
    case Tag::kConcat:
      return ResolveConcat(tag.concat());
    case Tag::kSocket:
      BPFRIG_RETURN_IF_ERROR(CheckAllowed(Reference::kSocket, allowed));
      return ResolveSocket(tag.socket(), purpose);
    case Tag::kTuple:
      return ResolveTuple(tag.tuple());
    case Tag::kCookie: {
      BPFRIG_ASSIGN_OR_RETURN(const std::shared_ptr<Socket> socket, traffic_.FindSocket(tag.cookie()));
      return kernel_bpf::Unsigned(socket->cookie());
    }
    case Tag::kNetnsCookie:
      if (numbers_.netns_cookie.has_value()) return kernel_bpf::Unsigned(*numbers_.netns_cookie);
      return MakeError(Reason::kUnsupported,
                       "reading the netns cookie: this kernel does not tell it (before 5.14)");
    case Tag::kCgroupId:
      if (allowed == Reference::kCgroup)
        return kernel_bpf::Unsigned(static_cast<uint64_t>(numbers_.cgroup_fd));
      return kernel_bpf::Unsigned(numbers_.cgroup_id);
    case Tag::kPid:
      if (numbers_.pid.has_value()) return kernel_bpf::Unsigned(*numbers_.pid);
      return base::WithHint(
          MakeError(Reason::kUnsupported,
                    "reading the process id: the daemon runs in a process namespace of its own, and programs "
                    "see the machine's"),
          "start the daemon's container with the machine's process namespace (pid: host)");
    case Tag::kUid:
      return kernel_bpf::Unsigned(numbers_.uid);
    case Tag::kIfindex:
      return kernel_bpf::Unsigned(numbers_.ifindex);
    case Tag::kProgram: {
      BPFRIG_RETURN_IF_ERROR(CheckAllowed(Reference::kProgram, allowed));
      BPFRIG_ASSIGN_OR_RETURN(const ProgramRecord* record, objects_.FindProgram(tag.program()));
      return kernel_bpf::Unsigned(purpose == Purpose::kExpect ? record->id
                                                              : static_cast<uint64_t>(record->program->fd()));
    }
    case Tag::kMap: {
      BPFRIG_RETURN_IF_ERROR(CheckAllowed(Reference::kMap, allowed));
      BPFRIG_ASSIGN_OR_RETURN(const MapReference map, objects_.FindMap(tag.map()));
      return kernel_bpf::Unsigned(purpose == Purpose::kExpect ? map.map->info().id
                                                              : static_cast<uint64_t>(map.map->fd()));
    }
    case Tag::KIND_NOT_SET:
      break;
  }
  return MakeError(Reason::kInvalidField, "reading a tag: it says nothing");
}

absl::StatusOr<Value> ValueResolver::ResolveConcat(const bpfrig::v1::ValueList& list) const {
  std::string bytes;
  for (int i = 0; i < list.values_size(); ++i) {
    absl::StatusOr<Value> part = Resolve(list.values(i), Reference::kNone, Purpose::kWrite);
    const absl::StatusOr<std::string> part_bytes =
        part.ok() ? kernel_bpf::BytesOf(*part) : absl::StatusOr<std::string>(part.status());
    if (!part_bytes.ok()) return base::WithField(part_bytes.status(), absl::StrCat("[", i, "]"));
    bytes += *part_bytes;
  }
  return kernel_bpf::Raw(std::move(bytes));
}

absl::StatusOr<Value> ValueResolver::ResolveSocket(const bpfrig::v1::SocketReference& reference,
                                                   Purpose purpose) const {
  if (purpose == Purpose::kExpect) {
    BPFRIG_ASSIGN_OR_RETURN(const std::shared_ptr<Socket> socket, traffic_.FindSocket(reference));
    return kernel_bpf::Unsigned(socket->cookie());
  }
  BPFRIG_ASSIGN_OR_RETURN(const int descriptor, traffic_.FindDescriptor(reference));
  return kernel_bpf::Unsigned(static_cast<uint64_t>(descriptor));
}

absl::StatusOr<Value> ValueResolver::ResolveTuple(const bpfrig::v1::TupleReference& tuple) const {
  BPFRIG_ASSIGN_OR_RETURN(const Connection connection, traffic_.FindConnection(tuple.connection()));
  const bool host_order = tuple.ports() == bpfrig::v1::PORT_ORDER_HOST;
  const Socket& dialled = *connection.dialled;
  if (tuple.view() != bpfrig::v1::TUPLE_VIEW_SERVER) {
    return kernel_bpf::Prefix(EncodeSockTuple(dialled.local(), dialled.peer(), host_order));
  }
  if (connection.accepted == nullptr) {
    return kernel_bpf::Prefix(EncodeSockTuple(dialled.peer(), dialled.local(), host_order));
  }
  return kernel_bpf::Prefix(
      EncodeSockTuple(connection.accepted->local(), connection.accepted->peer(), host_order));
}

void ToProto(const Value& value, bpfrig::v1::Value& out) {
  if (const auto* number = std::get_if<uint64_t>(&value.kind)) {
    out.set_unsigned_integer(*number);
  } else if (const auto* signed_number = std::get_if<int64_t>(&value.kind)) {
    out.set_signed_integer(*signed_number);
  } else if (const auto* raw = std::get_if<kernel_bpf::RawBytes>(&value.kind)) {
    out.set_raw(raw->bytes);
  } else if (const auto* text = std::get_if<kernel_bpf::Text>(&value.kind)) {
    out.set_text(common::ShownText(text->text));
  } else if (const auto* list = std::get_if<kernel_bpf::List>(&value.kind)) {
    out.mutable_list();
    for (const Value& element : *list) ToProto(element, *out.mutable_list()->add_values());
  } else if (const auto* fields = std::get_if<kernel_bpf::Fields>(&value.kind)) {
    out.mutable_fields();
    for (const kernel_bpf::Field& field : *fields) {
      bpfrig::v1::Field& out_field = *out.mutable_fields()->add_fields();
      out_field.set_name(common::ShownText(field.name));
      ToProto(field.value, *out_field.mutable_value());
    }
  } else if (const auto* prefix = std::get_if<kernel_bpf::PrefixBytes>(&value.kind)) {
    out.set_raw(prefix->bytes);
  } else if (const auto* network = std::get_if<kernel_bpf::NetworkInteger>(&value.kind)) {
    out.mutable_tag()->mutable_network_integer()->set_bits(network->bits);
    out.mutable_tag()->mutable_network_integer()->set_value(network->value);
  }
}

std::string EncodeSockTuple(const Endpoint& source, const Endpoint& destination, bool ports_in_host_order) {
  const Endpoint from = Normalised(source);
  const Endpoint to = Normalised(destination);
  std::string bytes = AddressBytes(from.address()) + AddressBytes(to.address());
  for (const uint16_t port : {from.port(), to.port()}) {
    const uint16_t ordered = ports_in_host_order ? port : htons(port);
    char memory[sizeof(ordered)];
    std::memcpy(memory, &ordered, sizeof(ordered));
    bytes.append(memory, sizeof(memory));
  }
  return bytes;
}

}  // namespace bpfrig::worker
