// Checks of single fields of requests, for validate.cpp. Every error carries the field it is given as its
// path.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bpfrig/v1/socket.pb.h"

namespace bpfrig::front {

[[nodiscard]] absl::Status Invalid(absl::string_view field, absl::string_view message);
[[nodiscard]] absl::Status TooLarge(absl::string_view field, size_t size, size_t limit,
                                    absl::string_view unit);
[[nodiscard]] absl::Status AtMost(absl::string_view field, uint64_t value, uint64_t limit);

// A name that the caller gives.
[[nodiscard]] absl::Status CheckName(absl::string_view field, absl::string_view name);
[[nodiscard]] absl::Status CheckOptionalName(absl::string_view field, absl::string_view name);
// Something that an object calls so, as `name` or `object/name`. Whether it exists is the worker's to say.
[[nodiscard]] absl::Status CheckReference(absl::string_view field, absl::string_view name);
[[nodiscard]] absl::Status CheckOptionalReference(absl::string_view field, absl::string_view name);
[[nodiscard]] absl::Status CheckSandbox(absl::string_view sandbox);

// An address, with or without a prefix length.
[[nodiscard]] absl::Status CheckPrefix(absl::string_view field, const std::string& prefix);
[[nodiscard]] absl::Status CheckSocketAddress(absl::string_view field, const v1::SocketAddress& address);
// The port alone.
[[nodiscard]] absl::Status CheckPort(const v1::SocketAddress& address);
[[nodiscard]] absl::Status CheckEnd(absl::string_view field, const v1::SocketReference& reference);

// The path of a repeated field's element.
[[nodiscard]] std::string Index(absl::string_view field, int index);

}  // namespace bpfrig::front
