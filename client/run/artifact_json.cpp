#include "client/run/artifact_json.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::Value;

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

bool IsPrintable(absl::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c)) || c == '\n' || c == '\r' || c == '\t';
  });
}

}  // namespace

ArtifactJson ToJson(const Value& value) {
  switch (value.kind_case()) {
    case Value::kSignedInteger:
      return value.signed_integer();
    case Value::kUnsignedInteger:
      return value.unsigned_integer();
    case Value::kText:
      return value.text();
    case Value::kRaw:
      return {{"hex", Hex(value.raw())}};
    case Value::kList: {
      ArtifactJson list = ArtifactJson::array();
      for (const Value& item : value.list().values()) list.push_back(ToJson(item));
      return list;
    }
    case Value::kFields: {
      ArtifactJson object = ArtifactJson::object();
      for (const auto& field : value.fields().fields()) object[field.name()] = ToJson(field.value());
      return object;
    }
    case Value::kTag:
      // Decoding gives no others.
      return value.tag().has_program() ? value.tag().program() : value.tag().map();
    case Value::KIND_NOT_SET:
      break;
  }
  return nullptr;
}

ArtifactJson BytesToJson(absl::string_view bytes) {
  if (IsPrintable(bytes)) return {{"text", std::string(bytes)}};
  return {{"hex", Hex(bytes)}};
}

ArtifactJson ToJson(const bpfrig::v1::SocketAddress& address) {
  if (!address.abstract().empty()) return absl::StrCat("@", address.abstract());
  const bool is_v6 = absl::StrContains(address.address(), ":");
  return absl::StrCat(is_v6 ? "[" : "", address.address(), is_v6 ? "]:" : ":", address.port());
}

ArtifactJson ToJson(const bpfrig::v1::DumpedEntry& entry) {
  ArtifactJson json = ArtifactJson::object();
  if (entry.has_key()) json["key"] = ToJson(entry.key());
  const bool is_per_cpu = entry.raw_cpu_values_size() > 0;
  if (is_per_cpu) {
    for (const Value& value : entry.cpu_values()) json["cpu_values"].push_back(ToJson(value));
  } else if (entry.has_value()) {
    json["value"] = ToJson(entry.value());
  }
  if (!entry.raw_key().empty()) json["raw_key"] = Hex(entry.raw_key());
  if (is_per_cpu) {
    for (const std::string& value : entry.raw_cpu_values()) json["raw_cpu_values"].push_back(Hex(value));
  } else {
    json["raw_value"] = Hex(entry.raw_value());
  }
  return json;
}

ArtifactJson ToJson(const bpfrig::v1::Event& event) {
  ArtifactJson json = ArtifactJson::object();
  if (event.has_value()) json["value"] = ToJson(event.value());
  json["raw"] = Hex(event.raw());
  return json;
}

std::string TextOf(const ArtifactJson& json) {
  return json.dump(1, ' ', false, ArtifactJson::error_handler_t::replace) + "\n";
}

}  // namespace bpfrig::client::run
