#include "client/plan/fields/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/plan/fields/field_reader.h"
#include "client/plan/fields/message_reader.h"
#include "client/plan/fields/pattern.h"
#include "client/plan/fields/tags.h"
#include "client/plan/yaml/scalars.h"
#include "common/ip_address.h"
#include "common/near_names.h"
#include "common/number.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::NetworkInteger;
using bpfrig::v1::Tag;
using bpfrig::v1::Value;

// Tags that stand for a number of the sandbox.
struct SandboxTag {
  absl::string_view tag;
  void (Tag::*set)(bool);
};
constexpr std::array kSandboxTags = {
    SandboxTag{"!netns_cookie", &Tag::set_netns_cookie},
    SandboxTag{"!cgroup_id", &Tag::set_cgroup_id},
    SandboxTag{"!pid", &Tag::set_pid},
    SandboxTag{"!uid", &Tag::set_uid},
    SandboxTag{"!ifindex", &Tag::set_ifindex},
};

constexpr std::array kValueTags = {
    TagWords{"!ip", Operand::kText, "!ip 10.96.0.1",
             "the address in network order at the start of the field (integer, array, struct or union), the "
             "rest zero"},
    TagWords{"!be16", Operand::kText, "!be16 8080",
             "the number in network order, into an integer of at least that size"},
    TagWords{"!be32", Operand::kText, "!be32 1", "the same with 32 bits"},
    TagWords{"!be64", Operand::kText, "!be64 1", "the same with 64 bits"},
    TagWords{"!hex", Operand::kText, "!hex 0a600001", "those bytes; the size must match"},
    TagWords{"!text", Operand::kText, "!text hello", "characters, zero-padded"},
    TagWords{"!concat", Operand::kList, "!concat [!text a, !be16 1]", "byte strings one after the other"},
    TagWords{"!socket", Operand::kTextOrMapping, "!socket c1`, `!socket {connection: c1, end: accepted}",
             "the socket of that end, or the one that a server of this name listens with (the value of a "
             "sockmap, the key of a socket storage)"},
    TagWords{"!tuple", Operand::kMapping, "!tuple {connection: c1, view: client, ports: network}",
             "a `struct bpf_sock_tuple` as that end sees it (`client` or `server`), ports in that order "
             "(`network` or `host`)"},
    TagWords{"!cookie", Operand::kTextOrMapping, "!cookie c1", "the cookie of what `!socket` means"},
    TagWords{"!program", Operand::kText, "!program obj/prog", "the program: the value of a prog array"},
    TagWords{"!map", Operand::kText, "!map obj/map", "the map: the value of a map of maps"},
    TagWords{"!netns_cookie", Operand::kText, "!netns_cookie",
             "the cookie of the sandbox's network namespace"},
    TagWords{"!cgroup_id", Operand::kText, "!cgroup_id",
             "the id of the sandbox's cgroup, as its programs see it"},
    TagWords{"!pid", Operand::kText, "!pid", "the id of the process that has the sandbox's sockets"},
    TagWords{"!uid", Operand::kText, "!uid", "the user of that process"},
    TagWords{"!ifindex", Operand::kText, "!ifindex", "the index of the sandbox's `lo`"},
};

// The tag's scalar text; a problem if it tags a list, a mapping or nothing.
bool TaggedText(const Node& node, absl::string_view example, std::string& text, Problems& problems) {
  if (node.IsScalar() && !node.text.empty()) {
    text = node.text;
    return true;
  }
  problems.Add(node.mark, absl::StrCat(node.tag, " must be followed by ", example));
  return false;
}

std::string ReadHex(const Node& node, Problems& problems) {
  std::string text;
  if (!TaggedText(node, "hexadecimal digits, as in !hex 0a600001", text, problems)) return "";
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  std::string bytes;
  bool valid = text.size() % 2 == 0;
  for (size_t i = 0; valid && i < text.size(); i += 2) {
    const char* const end = text.data() + i + 2;
    uint8_t byte = 0;
    valid = std::from_chars(text.data() + i, end, byte, 16).ptr == end;
    bytes += static_cast<char>(byte);
  }
  if (valid) return bytes;
  problems.Add(node.mark,
               absl::StrCat("!hex must be followed by pairs of hexadecimal digits, not \"", node.text, "\""));
  return "";
}

std::string ReadIp(const Node& node, Problems& problems) {
  std::string text;
  if (!TaggedText(node, "an address, as in !ip 10.96.0.1", text, problems)) return "";
  if (!common::ParseIpAddress(text).empty()) return text;
  problems.Add(node.mark,
               absl::StrCat("!ip must be followed by an IPv4 or IPv6 address, not \"", text, "\""));
  return "";
}

NetworkInteger ReadNetworkInteger(const Node& node, uint32_t bits, Problems& problems) {
  NetworkInteger integer;
  integer.set_bits(bits);
  std::string text;
  if (!TaggedText(node, absl::StrCat("a number, as in ", node.tag, " 8080"), text, problems)) return integer;
  uint64_t number = 0;
  const uint64_t most = bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
  if (common::ParseNumber(text, number) == common::NumberKind::kUnsigned && number <= most) {
    integer.set_value(number);
  } else {
    problems.Add(node.mark, absl::StrCat(node.tag, " must be followed by a number from 0 to ", most,
                                         ", not \"", text, "\""));
  }
  return integer;
}

// 16, 32 or 64 for !be16, !be32, !be64; otherwise 0.
uint32_t NetworkIntegerBits(const std::string& tag) {
  if (tag == "!be16") return 16;
  if (tag == "!be32") return 32;
  return tag == "!be64" ? 64 : 0;
}

// A tag's message: a mapping of its fields, or its short form.
void ReadTagged(const Node& node, google::protobuf::Message& message, Problems& problems) {
  const NodePtr untagged = WithoutTag(node);
  MessageReader reader(problems);
  if (reader.ReadShort(untagged, message)) return;
  FieldReader fields(untagged, node.tag, problems);
  reader.Read(fields, message);
  reader.CheckRules(fields, untagged, message);
}

// A tag that stands for bytes that the client can make itself. False if it is another one.
bool ReadByteTag(const Node& node, Tag& tag, Problems& problems) {
  if (node.tag == "!ip") {
    tag.set_ip(ReadIp(node, problems));
  } else if (const uint32_t bits = NetworkIntegerBits(node.tag); bits != 0) {
    *tag.mutable_network_integer() = ReadNetworkInteger(node, bits, problems);
  } else if (node.tag == "!hex") {
    tag.set_hex(ReadHex(node, problems));
  } else if (node.tag == "!text") {
    if (!node.IsScalar()) problems.Add(node.mark, "!text must be followed by text");
    tag.set_text(node.text);
  } else if (node.tag == "!concat") {
    tag.mutable_concat();
    if (!node.IsSequence()) {
      problems.Add(node.mark, "!concat must be followed by a list of !text, !hex, !ip, !be16, !be32, !be64");
    }
    for (const NodePtr& item : node.items) {
      if (ReadByteTag(*item, *tag.mutable_concat()->add_values()->mutable_tag(), problems)) continue;
      problems.Add(item->mark,
                   absl::StrCat("!concat takes !text, !hex, !ip, !be16, !be32, !be64 and !concat, not ",
                                Describe(*item)));
    }
  } else {
    return false;
  }
  return true;
}

// False if the tag is another one.
bool ReadSandboxTag(const Node& node, Tag& tag, Problems& problems) {
  for (const SandboxTag& sandbox : kSandboxTags) {
    if (node.tag != sandbox.tag) continue;
    if (!node.IsScalar() || !node.text.empty()) {
      problems.Add(node.mark, absl::StrCat(node.tag, " stands alone"));
    }
    (tag.*sandbox.set)(true);
    return true;
  }
  return false;
}

Tag ReadTag(const Node& node, Problems& problems) {
  Tag tag;
  if (ReadByteTag(node, tag, problems) || ReadSandboxTag(node, tag, problems)) return tag;
  std::string text;
  if (node.tag == "!socket") {
    ReadTagged(node, *tag.mutable_socket(), problems);
  } else if (node.tag == "!cookie") {
    ReadTagged(node, *tag.mutable_cookie(), problems);
  } else if (node.tag == "!tuple") {
    ReadTagged(node, *tag.mutable_tuple(), problems);
  } else if (node.tag == "!program") {
    if (TaggedText(node, "object/program", text, problems)) tag.set_program(text);
  } else if (node.tag == "!map") {
    if (TaggedText(node, "object/map", text, problems)) tag.set_map(text);
  } else {
    UnknownTag(node, problems);
  }
  return tag;
}

// A plain scalar: a number, or a word. What looks like a number and is none was meant as something else.
Value ReadPlainValue(const Node& node, Problems& problems) {
  Value value;
  uint64_t magnitude = 0;
  switch (common::ParseNumber(node.text, magnitude)) {
    case common::NumberKind::kUnsigned:
      value.set_unsigned_integer(magnitude);
      return value;
    case common::NumberKind::kNegative:
      value.set_signed_integer(static_cast<int64_t>(uint64_t{0} - magnitude));
      return value;
    case common::NumberKind::kTooBig:
      problems.Add(node.mark, absl::StrCat(node.text, " does not fit in 64 bits"));
      return value;
    case common::NumberKind::kNone:
      break;
  }
  if (!common::ParseIpAddress(node.text).empty()) {
    problems.Add(node.mark, absl::StrCat("an address is written with a tag: !ip ", node.text));
  } else if (!node.text.empty() && (absl::ascii_isdigit(static_cast<unsigned char>(node.text[0])) ||
                                    node.text[0] == '-' || node.text[0] == '+' || node.text[0] == '.')) {
    problems.Add(node.mark, absl::StrCat(node.text,
                                         " is not a decimal number nor a 0x number; text that looks "
                                         "like a number is written in quotes"));
  }
  value.set_text(node.text);
  return value;
}

std::string Encode(const Tag& tag) {
  if (tag.has_ip()) return common::ParseIpAddress(tag.ip());
  if (tag.has_hex()) return tag.hex();
  if (tag.has_text()) return tag.text();
  std::string bytes;
  if (tag.has_network_integer()) {
    for (uint32_t shift = tag.network_integer().bits(); shift > 0; shift -= 8) {
      bytes.push_back(static_cast<char>(tag.network_integer().value() >> (shift - 8) & 0xff));
    }
  }
  for (const Value& part : tag.concat().values()) bytes += Encode(part.tag());
  return bytes;
}

}  // namespace

std::vector<TagWords> ValueTags() { return {kValueTags.begin(), kValueTags.end()}; }

bool IsValueTag(absl::string_view tag) {
  return std::any_of(kValueTags.begin(), kValueTags.end(),
                     [&](const TagWords& words) { return words.tag == tag; });
}

void UnknownTag(const Node& node, Problems& problems) {
  if (MatcherOf(node.tag)) {
    problems.Add(node.mark, absl::StrCat(node.tag, " is a matcher, and only an expectation has those"));
    return;
  }
  std::vector<std::string> values;
  for (const TagWords& words : kValueTags) values.emplace_back(words.tag);
  const std::vector<std::string> matchers = MatcherTags();
  std::vector<std::string> known = values;
  known.insert(known.end(), matchers.begin(), matchers.end());
  problems.Add(node.mark, absl::StrCat("unknown tag ", node.tag, common::DidYouMean(node.tag, known),
                                       "; tags: ", absl::StrJoin(values, ", "),
                                       "; matchers, in expectations: ", absl::StrJoin(matchers, ", ")));
}

Value ReadValue(const NodePtr& node, Problems& problems) {
  Value value;
  if (!node->tag.empty()) {
    *value.mutable_tag() = ReadTag(*node, problems);
    return value;
  }
  switch (node->kind) {
    case Node::Kind::kNull:
      problems.Add(node->mark, "a value is missing");
      break;
    case Node::Kind::kScalar:
      if (!node->quoted) return ReadPlainValue(*node, problems);
      value.set_text(node->text);
      break;
    case Node::Kind::kSequence:
      value.mutable_list();
      for (const NodePtr& item : node->items) *value.mutable_list()->add_values() = ReadValue(item, problems);
      break;
    case Node::Kind::kMapping:
      value.mutable_fields();
      for (const NodePair& pair : node->pairs) {
        auto* field = value.mutable_fields()->add_fields();
        field->set_name(pair.key->text);
        *field->mutable_value() = ReadValue(pair.value, problems);
      }
      break;
  }
  return value;
}

std::string ReadBytes(const NodePtr& node, absl::string_view what, Problems& problems) {
  Tag tag;
  if (!node->tag.empty() && ReadByteTag(*node, tag, problems)) return Encode(tag);
  // No bytes look the same in every way of writing them.
  if (IsPlainText(*node) && node->quoted && node->text.empty()) return "";
  problems.Add(node->mark, absl::StrCat(what,
                                        " must be bytes, as !text, !hex, !ip, !be16, !be32, !be64 or "
                                        "!concat of these, not ",
                                        Describe(*node)));
  return "";
}

}  // namespace bpfrig::client::plan
