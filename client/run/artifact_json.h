// Values, bytes and addresses as the files of `run --artifacts` have them.
#pragma once

#include <nlohmann/json.hpp>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/socket.pb.h"
#include "bpfrig/v1/value.pb.h"

namespace bpfrig::client::run {

// In the order in which they are written.
using ArtifactJson = nlohmann::ordered_json;

// Numbers, texts, lists and objects; bytes as {"hex": "0a60"}, programs and maps by their names.
[[nodiscard]] ArtifactJson ToJson(const bpfrig::v1::Value& value);
// {"text": ...} if all of it can be printed, otherwise {"hex": ...}.
[[nodiscard]] ArtifactJson BytesToJson(absl::string_view bytes);
// "10.0.0.1:80", "[fd00::1]:80", "@name".
[[nodiscard]] ArtifactJson ToJson(const bpfrig::v1::SocketAddress& address);
// Decoded if there are types, and as hex.
[[nodiscard]] ArtifactJson ToJson(const bpfrig::v1::DumpedEntry& entry);
[[nodiscard]] ArtifactJson ToJson(const bpfrig::v1::Event& event);
// A file's text. Bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string TextOf(const ArtifactJson& json);

}  // namespace bpfrig::client::run
