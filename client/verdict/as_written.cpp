#include "client/verdict/as_written.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/ip_address.h"

namespace bpfrig::client::verdict {
namespace {

// How many bytes the tag writes before the zeroes.
size_t SizeOf(const bpfrig::v1::Tag& tag) {
  return tag.has_ip() ? common::ParseIpAddress(tag.ip()).size() : tag.network_integer().bits() / 8;
}

}  // namespace

std::string FormatAsWritten(const bpfrig::v1::Tag& tag, const bpfrig::v1::ResolvedValue& encoding,
                            const std::string& memory) {
  const size_t start = encoding.mask().find_first_not_of('\0');
  const size_t size = SizeOf(tag);
  if (size == 0 || start == std::string::npos || start + size > memory.size()) return "";
  const std::string bytes = memory.substr(start, size);
  if (tag.has_ip()) return absl::StrCat("!ip ", common::FormatIpAddress(bytes));
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return absl::StrCat("!be", tag.network_integer().bits(), " ", number);
}

}  // namespace bpfrig::client::verdict
