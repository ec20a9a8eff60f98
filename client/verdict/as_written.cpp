#include "client/verdict/as_written.h"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/plan/scalars.h"
#include "common/ip_address.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::Tag;
using bpfrig::v1::Value;

// The bytes that the tag wrote.
std::string WrittenBytes(const Tag& tag) {
  if (tag.has_ip()) return common::ParseIpAddress(tag.ip());
  std::string bytes;
  for (uint32_t shift = tag.network_integer().bits(); shift > 0; shift -= 8) {
    bytes.push_back(static_cast<char>(tag.network_integer().value() >> (shift - 8) & 0xff));
  }
  return bytes;
}

std::string FormatBytesAs(const Tag& tag, const std::string& bytes) {
  if (tag.has_ip()) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
    return absl::StrCat("!ip ", text.data());
  }
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return absl::StrCat("!be", tag.network_integer().bits(), " ", number);
}

std::vector<const Value*> Children(const Value& value) {
  std::vector<const Value*> children;
  for (const Value& item : value.list().values()) children.push_back(&item);
  for (const auto& field : value.fields().fields()) children.push_back(&field.value());
  return children;
}

// The integers of a value in order, as memory where each has `width` bytes; nothing where it has others.
std::optional<std::string> Memory(const Value& value, size_t width) {
  if (value.has_unsigned_integer()) {
    const uint64_t number = value.unsigned_integer();
    if (width < sizeof(number) && number >> (8 * width) != 0) return std::nullopt;
    std::string memory(sizeof(number), '\0');
    std::memcpy(memory.data(), &number, sizeof(number));
    // Host order: on big-endian machines the low bytes are the last ones.
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? memory.substr(0, width)
                                                     : memory.substr(sizeof(number) - width);
  }
  const std::vector<const Value*> children = Children(value);
  if (children.empty()) return std::nullopt;
  std::string memory;
  for (const Value* child : children) {
    std::optional<std::string> part = Memory(*child, width);
    if (!part) return std::nullopt;
    memory += *part;
  }
  return memory;
}

// Looks for the place and the width under which `expected` has these bytes, and takes what `actual` has
// there.
std::optional<std::string> FindBytes(const std::string& bytes, const Value& expected, const Value& actual) {
  for (const size_t width : {size_t{8}, size_t{4}, size_t{2}, size_t{1}}) {
    const std::optional<std::string> wanted = Memory(expected, width);
    const std::optional<std::string> came = Memory(actual, width);
    if (wanted && came && wanted->size() == came->size() && wanted->compare(0, bytes.size(), bytes) == 0) {
      return came->substr(0, bytes.size());
    }
  }
  const std::vector<const Value*> expected_children = Children(expected);
  const std::vector<const Value*> actual_children = Children(actual);
  if (expected_children.size() != actual_children.size()) return std::nullopt;
  for (size_t i = 0; i < expected_children.size(); ++i) {
    if (auto found = FindBytes(bytes, *expected_children[i], *actual_children[i])) return found;
  }
  return std::nullopt;
}

}  // namespace

std::string FormatAsWritten(const Value& written, const Value& expected, const Value& actual) {
  if (!written.tag().has_ip() && !written.tag().has_network_integer()) return "";
  const std::string bytes = WrittenBytes(written.tag());
  const std::optional<std::string> found = FindBytes(bytes, expected, actual);
  return found && found->size() == bytes.size() ? FormatBytesAs(written.tag(), *found) : "";
}

}  // namespace bpfrig::client::verdict
